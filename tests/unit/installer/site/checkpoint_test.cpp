// SPDX-License-Identifier: Apache-2.0
#include "installer/site/checkpoint.hpp"

#include <catch2/catch.hpp>

#include "installer/site/audit.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::checkpoint_test {

using tests::refusal_of;

namespace {

const FixedClock kClock(Time{1'700'000'000});
const std::string kSite = "0123456789abcdef0123456789abcdef";

struct KeyedSite {
  tests::ScratchFolder folder;
  Layout layout{.site_yaml = folder.path() / "site.yaml", .state = folder.path() / "state"};
  SiteKey key = SiteKey::make(layout);
};

}  // namespace

TEST_CASE("checkpoint: its line is read back as it was, also from paper") {
  const KeyedSite site;
  const Checkpoint made =
      Checkpoint::signed_by(site.key, kSite, 214, Digest::of("line"), kClock.now());
  std::string line = made.line();
  CHECK(line.starts_with("sealift-checkpoint " + kSite + " 214 " + Digest::of("line").hex() +
                         " 2023-11-14T22:13:20Z "));
  CHECK(line.find('\n') == std::string::npos);
  const Checkpoint read = Checkpoint::parse(line, "paper");
  CHECK(read.line() == line);
  CHECK(read.key() == site.key.public_key());
  CHECK(read.lines() == 214);
  std::replace(line.begin(), line.end(), ' ', '\n');
  CHECK(Checkpoint::parse("  " + line + "\n", "paper").line() == made.line());
}

TEST_CASE("checkpoint: no character of it can be another one") {
  const KeyedSite site;
  const std::string line =
      Checkpoint::signed_by(site.key, kSite, 7, Digest::of("line"), kClock.now()).line();
  for (std::size_t at = 0; at < line.size(); ++at) {
    std::string other = line;
    other[at] = other[at] == '1' ? '2' : '1';
    CAPTURE(at);
    CHECK(refusal_of([&] { Checkpoint::parse(other, "paper"); }) == Errc::invalid_input);
    CHECK(refusal_of([&] { Checkpoint::parse(line.substr(0, at), "paper"); }) ==
          Errc::invalid_input);
  }
  CHECK(refusal_of([&] { Checkpoint::parse(line + " more", "paper"); }) == Errc::invalid_input);
  CHECK(refusal_of([&] { Checkpoint::parse(line + std::string(512, ' '), "paper"); }) ==
        Errc::invalid_input);
}

TEST_CASE(
    "site key: a pair that is read again signs alike, and one that others may read is refused") {
  const KeyedSite site;
  CHECK(has_site_key(site.layout));
  CHECK(SiteKey::read(site.layout).sign("text") == site.key.sign("text"));
  CHECK(site_public_key(site.layout) == site.key.public_key());
  CHECK(site.key.public_key().verifies("text", site.key.sign("text")));
  fs::permissions(site.layout.site_key(), fs::perms::group_read, fs::perm_options::add);
  CHECK(refusal_of([&] { SiteKey::read(site.layout); }) == Errc::untrusted);
  fs::permissions(site.layout.site_key(), fs::perms::group_read, fs::perm_options::remove);
  write_file(site.layout.site_key(), "damaged", FileMode::secret);
  CHECK(refusal_of([&] { SiteKey::read(site.layout); }) == Errc::untrusted);
  fs::remove(site.layout.site_key());
  CHECK(refusal_of([&] { SiteKey::read(site.layout); }) == Errc::untrusted);
  CHECK_FALSE(has_site_key(site.layout));
}

TEST_CASE("audit log: a checkpoint of it is a line, and the same one until there is another line") {
  const KeyedSite site;
  AuditLog log(site.layout.audit(), kClock);
  CHECK(log.checkpoint(site.key, kSite).lines() == 0);
  log.append("apply", {{"transaction", 1}});
  const std::string last = log.head().digest;
  const Checkpoint made = log.checkpoint(site.key, kSite);
  CHECK(made.lines() == 2);
  CHECK(made.head().hex() == last);
  CHECK(log.checkpoint(site.key, kSite).line() == made.line());
  CHECK(log.entries().size() == 3);
  CHECK(checkpoint_of(log.entries().back())->line() == made.line());
  const SiteKey other = SiteKey::make(site.layout);
  CHECK(log.checkpoint(other, kSite).lines() == 3);
}

}  // namespace sealift::installer::checkpoint_test
