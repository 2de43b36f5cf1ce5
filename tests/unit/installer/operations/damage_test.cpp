// SPDX-License-Identifier: Apache-2.0
#include "installer/operations/damage.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::damage_test {

namespace {

const FixedClock kDamageClock(Time{1'700'000'000});

// A state folder that has everything but keys.
Layout sound_layout(const tests::ScratchFolder& folder) {
  Layout layout{.site_yaml = folder.path() / "site.yaml", .state = folder.path() / "state"};
  restore_folders(layout);
  make_dirs(layout.journal());
  for (const char* name : {"site.key", "site.pub", "site.age"}) {
    write_file(layout.keys() / name, "x\n", FileMode::secret);
  }
  return layout;
}

}  // namespace

TEST_CASE(
    "damage: a sound state has none, and an audit log or summary that is not there yet is none") {
  const tests::ScratchFolder folder;
  const Layout layout = sound_layout(folder);
  CHECK(damage_of_state(layout, kDamageClock).empty());
  AuditLog(layout.audit(), kDamageClock).append("test", {});
  write_file(layout.summary(), "{}\n");
  CHECK(damage_of_state(layout, kDamageClock).empty());
}

TEST_CASE("damage: each thing that is lost is named with its place and the command that goes on") {
  const tests::ScratchFolder folder;
  const Layout layout = sound_layout(folder);
  const auto only = [&] {
    const std::vector<Damage> all = damage_of_state(layout, kDamageClock);
    REQUIRE(all.size() == 1);
    return all.front();
  };
  fs::remove(layout.store());
  CHECK(only().found == layout.store().string() + " is missing");
  CHECK(only().mend.find("sealift-installer apply BUNDLE --repair") != std::string::npos);
  restore_folders(layout);
  fs::remove(layout.age_identity());
  CHECK(only().mend.find("sealift-installer init") != std::string::npos);
  write_file(layout.age_identity(), "x\n", FileMode::secret);
  write_file(layout.summary(), "{");
  CHECK(only().what == "state.json");
  CHECK(only().mend.find("sealift-installer recover") != std::string::npos);
  write_file(layout.summary(), "{}");
  write_file(layout.audit(), "garbage\n");
  CHECK(only().found.starts_with(layout.audit().string() + " cannot be read: line 1: "));
  CHECK(only().mend.find(".damaged'") != std::string::npos);
}

TEST_CASE("damage: a journal that is damaged, or gone, says how to go on without digests") {
  const tests::ScratchFolder folder;
  const Layout layout = sound_layout(folder);
  write_file(layout.journal() / "000001.journal", "{\"seq\":0}\n{\"seq\":1}\n");
  const auto damaged = tests::error_of([&] { load_state(layout, kDamageClock); });
  REQUIRE(damaged);
  CHECK(damaged->code() == Errc::corrupt);
  CHECK(damaged->message().find("000001.journal: is damaged") != std::string::npos);
  CHECK(damaged->hint().find("sealift-installer apply --repair") != std::string::npos);
  fs::remove_all(layout.journal());
  const auto gone = tests::error_of([&] { load_state(layout, kDamageClock); });
  REQUIRE(gone);
  CHECK(gone->code() == Errc::corrupt);
  CHECK(gone->message().find("is missing") != std::string::npos);
}

}  // namespace sealift::installer::damage_test
