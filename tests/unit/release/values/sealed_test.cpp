// SPDX-License-Identifier: Apache-2.0
#include "release/values/sealed_file.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::release::sealed_test {

using namespace sealift::tests;
using signing::AgeIdentity;

namespace {

struct Given {
  AgeIdentity site = AgeIdentity::generate();
  AgeIdentity other = AgeIdentity::generate();
  AgeIdentity recovery = AgeIdentity::generate();
  SecretPlace place{.environment = "production", .key = "DATABASE_URL"};

  std::string sealed(const std::string& value = "hunter2") const {
    return seal(place, value, {site.recipient(), recovery.recipient()});
  }
};

Errc code_of(const std::string& file, const AgeIdentity& identity, const SecretPlace& place) {
  try {
    unseal(file, identity, place);
  } catch (const Error& error) {
    CHECK(error.message().find("hunter2") == std::string::npos);
    return error.code();
  }
  return Errc::internal;
}

}  // namespace

TEST_CASE("sealed: each recipient opens it and nobody else does", "[release]") {
  const Given given;
  const std::string file = given.sealed("a \"b\"\n\xc3\xa4");
  CHECK(unseal(file, given.site, given.place).view() == "a \"b\"\n\xc3\xa4");
  CHECK(unseal(file, given.recovery, given.place).view() == "a \"b\"\n\xc3\xa4");
  CHECK(code_of(file, given.other, given.place) == Errc::untrusted);
  CHECK(signing::count_recipients(file) == 2);
}

TEST_CASE("sealed: a value cannot take another's place", "[release]") {
  const Given given;
  const std::string file = given.sealed();
  for (const SecretPlace& other :
       {SecretPlace{.environment = "production", .key = "API_KEY"},
        SecretPlace{.environment = "staging", .key = "DATABASE_URL"},
        SecretPlace{.environment = "production", .key = "DATABASE_URL", .site = "vault-room"}}) {
    CHECK(code_of(file, given.site, other) == Errc::corrupt);
  }
}

TEST_CASE("sealed: what is cut off or changed is refused", "[release]") {
  const Given given;
  const std::string file = given.sealed();
  for (std::size_t size = 0; size < file.size(); ++size) {
    CHECK(code_of(file.substr(0, size), given.site, given.place) == Errc::corrupt);
  }
  std::string changed = file;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  CHECK(code_of(changed, given.site, given.place) == Errc::corrupt);
}

TEST_CASE("sealed: content that sealift did not write is refused, and not shown", "[release]") {
  const Given given;
  for (const std::string& text :
       {std::string("hunter2"), std::string("{\"hunter2\":"), std::string("[\"hunter2\"]"),
        std::string("{\"environment\":\"production\",\"key\":\"DATABASE_URL\",\"value\":7}"),
        std::string(100'000, 'x')}) {
    StringSink out;
    signing::AgeSink sink(out, {given.site.recipient()});
    sink.write(text);
    sink.finish();
    CHECK(code_of(out.bytes(), given.site, given.place) == Errc::corrupt);
  }
}

TEST_CASE("sealed: values are text of a bounded size", "[release]") {
  const Given given;
  CHECK_THROWS_AS(given.sealed(""), Error);
  CHECK_THROWS_AS(given.sealed("\xff"), Error);
  CHECK_THROWS_AS(given.sealed(std::string(kMaxSecretBytes + 1, 'x')), Error);
  CHECK(unseal(given.sealed(std::string(kMaxSecretBytes, '\x01')), given.site, given.place)
            .bytes()
            .size() == kMaxSecretBytes);
}

TEST_CASE("sealed: armor has one spelling", "[release]") {
  const Given given;
  const std::string file = given.sealed();
  const std::string armor = signing::to_armor(file);
  CHECK(signing::from_armor(armor) == file);
  for (const std::string& other : {armor + "\n", armor.substr(1), "x" + armor, std::string(),
                                   std::string("hunter2"), armor.substr(0, armor.size() - 1)}) {
    CHECK_THROWS_AS(signing::from_armor(other), Error);
  }
}

TEST_CASE("sealed: a file that is written is read again", "[release]") {
  const Given given;
  const ScratchFolder folder;
  fs::create_directories(folder.path() / "environments");
  SealedFile file = SealedFile::load(folder.path(), "production");
  CHECK(file.values.empty());
  SecretPlace one = given.place;
  one.site = "vault-room";
  file.put(
      given.place,
      {.file = given.sealed(), .recipients = {"recovery ...abcdefgh"}, .changed = "2026-11-25"});
  file.put(one, {.file = given.sealed(), .recipients = {"x ...abcdefgh"}, .changed = "2026-11-26"});
  file.save();
  SealedFile again = SealedFile::load(folder.path(), "production");
  REQUIRE(again.find(given.place) != nullptr);
  CHECK(again.find(given.place)->file == file.find(given.place)->file);
  CHECK(again.find(given.place)->recipients == file.find(given.place)->recipients);
  REQUIRE(again.find(one) != nullptr);
  CHECK(again.find(one)->changed == "2026-11-26");
  CHECK(again.to_text() == file.to_text());
}

TEST_CASE("sealed: release.json carries it, bounded and in one spelling", "[release]") {
  const Given given;
  const SealedEnvironments sealed = {
      {"production", {{"DATABASE_URL", {{"", given.sealed()}, {"vault-room", given.sealed()}}}}}};
  const Json value = to_json(sealed);
  CHECK(sealed_from_json(value, "sealed") == sealed);
  const auto refused = [&](const std::string& pointer, const Json& other) {
    Json changed = value;
    changed[JsonPointer(pointer)] = other;
    CHECK_THROWS_AS(sealed_from_json(changed, "sealed"), Error);
  };
  refused("/production", Json::object());
  refused("/production/DATABASE_URL", Json::object());
  refused("/production/9", value["production"]["DATABASE_URL"]);
  refused("/production/DATABASE_URL/all", "");
  refused("/production/DATABASE_URL/all", "in clear");
  refused("/production/DATABASE_URL/all", "aW4gY2xlYXI=");
  refused("/production/DATABASE_URL/all", std::string(200'000, 'A'));
  refused("/production/DATABASE_URL/more", "x");
  refused("/production/DATABASE_URL/sites/Vault", value["production"]["DATABASE_URL"]["all"]);
}

}  // namespace sealift::release::sealed_test
