// SPDX-License-Identifier: Apache-2.0
#include "installer/site/table_key.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "signing/keyed_digest.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::table_key_test {

using namespace sealift::tests;

namespace {

release::FileEntry entry(unsigned mode) {
  return {.path = RelPath::parse("db.env"), .mode = mode, .digest = {}, .target = {}};
}

}  // namespace

TEST_CASE("table key: only digests of files for their owner alone are keyed", "[installer]") {
  const ScratchFolder folder;
  const Layout layout{.site_yaml = folder / "site.yaml", .state = folder / "state"};
  const Digest content = Digest::of("DATABASE_URL=hunter2\n");
  const TableKey key(layout);
  CHECK(key.digest(entry(0644), content) == content);
  CHECK(key.digest(entry(0640), content) == content);
  CHECK_FALSE(fs::exists(layout.table_key()));  // it was not needed
  const Digest keyed = key.digest(entry(0600), content);
  CHECK(keyed != content);
  CHECK(key.digest(entry(0700), content) == keyed);
  CHECK(TableKey(layout).digest(entry(0600), content) == keyed);  // kept
  CHECK((fs::status(layout.table_key()).permissions() & fs::perms::mask) == fs::perms(0600));
}

TEST_CASE("table key: every site has its own, and it may not be read by others", "[installer]") {
  const ScratchFolder one;
  const ScratchFolder two;
  const Digest content = Digest::of("x");
  const Layout first{.site_yaml = {}, .state = one / "state"};
  const Layout second{.site_yaml = {}, .state = two / "state"};
  CHECK(TableKey(first).digest(entry(0600), content) !=
        TableKey(second).digest(entry(0600), content));
  fs::permissions(first.table_key(), fs::perms(0640));
  CHECK_THROWS_AS(TableKey(first).digest(entry(0600), content), Error);
}

TEST_CASE("table key: a keyed digest is HMAC-SHA-256 of the plain one", "[installer]") {
  // Computed with openssl:
  // printf '' | sha256sum | xxd -r -p | openssl dgst -sha256 -mac HMAC -macopt hexkey:00..1f
  std::string bytes;
  for (int i = 0; i < 32; ++i) bytes += static_cast<char>(i);
  const signing::Secret key = signing::Secret::taken_from(bytes);
  CHECK(signing::keyed_digest(key, Digest::of("")).hex() ==
        "d43ab268ace84897c7c38db898ceba8460c30c061f52a2ea4c514367ed85f6fa");
}

}  // namespace sealift::installer::table_key_test
