// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/databases/backups.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::backups_test {

namespace {

void keep(const Layout& layout, const std::string& name, std::uint64_t number, Time made) {
  const Backup backup{.name = name,
                      .database = "main",
                      .driver = "sqlite",
                      .server = "SQLite 3",
                      .made = made,
                      .number = number,
                      .version = "1.0.0",
                      .digest = Digest::of("")};
  write_file(layout.backups() / (name + ".json"), to_pretty(to_json(backup)));
}

std::vector<std::string> names(const Backups& backups) {
  std::vector<std::string> found;
  for (const Backup& backup : backups.list()) found.push_back(backup.name);
  return found;
}

}  // namespace

TEST_CASE("backups: their order is the one in which they were made, whatever the clock said") {
  const tests::ScratchFolder folder;
  const Layout layout{.site_yaml = folder / "site.yaml", .state = folder / "state"};
  Workers workers(1);
  const Backups backups(layout, workers);
  keep(layout, "ahead", 1, Time{3'000'000'000});
  keep(layout, "behind", 2, Time{1'000});
  keep(layout, "right", 3, Time{1'800'000'000});
  keep(layout, "of an older program", 0, Time{1'700'000'000});
  keep(layout, "of an older program, before", 0, Time{1'600'000'000});
  CHECK(names(backups) == std::vector<std::string>{"of an older program, before",
                                                   "of an older program", "ahead", "behind",
                                                   "right"});
  backups.prune({.count = 2, .days = {}, .gib = {}}, Time{1'800'000'000}, {});
  CHECK(names(backups) == std::vector<std::string>{"behind", "right"});
}

}  // namespace sealift::installer::backups_test
