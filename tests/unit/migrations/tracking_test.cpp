// SPDX-License-Identifier: Apache-2.0
#include "migrations/tracking.hpp"

#include <catch2/catch.hpp>

namespace sealift::migrations::tracking_test {

namespace {

Migration migration(const std::string& name, std::int64_t when) {
  const std::string sql = "select '" + name + "'";
  return {.name = name, .file = name + ".sql", .sql = sql, .hash = Digest::of(sql), .when = when};
}

MigrationSet set_of(Layout layout, std::vector<Migration> migrations) {
  return {.layout = layout, .dialect = Dialect::postgresql, .migrations = std::move(migrations)};
}

AppliedRow row(const Migration& of) {
  return {.hash = of.hash.hex(), .created_at = of.when, .name = {}};
}

std::vector<std::string> names(const std::vector<const Migration*>& migrations) {
  std::vector<std::string> all;
  for (const Migration* each : migrations) all.push_back(each->name);
  return all;
}

using Names = std::vector<std::string>;

const Migration kOne = migration("0000_one", 1795383121762);
const Migration kTwo = migration("0001_two", 1795383122576);
const Migration kThree = migration("0002_three", 1795383123268);

}  // namespace

TEST_CASE("what has no row is pending, in order") {
  const MigrationSet set = set_of(Layout::drizzle_0, {kOne, kTwo, kThree});
  const Comparison found = compare(set, {Shape::unnamed, {row(kOne)}});
  CHECK(names(found.applied) == Names{"0000_one"});
  CHECK(names(found.pending) == Names{"0001_two", "0002_three"});
  CHECK(found.late.empty());
  CHECK(found.drifted.empty());
  CHECK(found.unknown.empty());
}

TEST_CASE("an applied migration whose text was changed has drifted") {
  const MigrationSet set = set_of(Layout::drizzle_0, {kOne});
  AppliedRow changed = row(kOne);
  changed.hash = std::string(64, '0');
  const Comparison found = compare(set, {Shape::unnamed, {changed}});
  CHECK(found.pending.empty());
  REQUIRE(found.drifted.size() == 1);
  CHECK(found.drifted[0].migration->name == "0000_one");
  CHECK(found.drifted[0].hash == std::string(64, '0'));
}

TEST_CASE("other line ends are no drift") {
  Migration migration = kOne;
  migration.sql = "select 1;\nselect 2;\n";
  migration.hash = migration.sql.digest();
  const MigrationSet set = set_of(Layout::drizzle_0, {migration});
  AppliedRow windows = row(migration);
  windows.hash = Digest::of("select 1;\r\nselect 2;\r\n").hex();
  const Comparison found = compare(set, {Shape::unnamed, {windows}});
  CHECK(names(found.applied) == Names{"0000_one"});
  CHECK(found.drifted.empty());
  REQUIRE(found.other_line_ends.size() == 1);
  CHECK(found.other_line_ends[0].hash == windows.hash);
}

TEST_CASE("one that drizzle would pass over is late") {
  const MigrationSet set = set_of(Layout::drizzle_0, {kOne, kTwo, kThree});
  const Comparison found = compare(set, {Shape::unnamed, {row(kOne), row(kThree)}});
  CHECK(names(found.pending) == Names{"0001_two"});
  CHECK(names(found.late) == Names{"0001_two"});
}

TEST_CASE("one whose time is not after that of an applied one is late, wherever it stands") {
  const MigrationSet set = set_of(Layout::drizzle_0, {kTwo, kOne, kThree});
  const Comparison found = compare(set, {Shape::unnamed, {row(kTwo)}});
  CHECK(names(found.pending) == Names{"0000_one", "0002_three"});
  CHECK(names(found.late) == Names{"0000_one"});
  CHECK(compare(set, {Shape::missing, {}}).late.empty());
}

TEST_CASE("rows that the release has nothing for are unknown, also a second one for the same") {
  const MigrationSet set = set_of(Layout::drizzle_0, {kOne});
  const Comparison found = compare(set, {Shape::unnamed, {row(kOne), row(kTwo), row(kOne)}});
  REQUIRE(found.unknown.size() == 2);
  CHECK(found.unknown[0] == row(kTwo));
  CHECK(found.unknown[1] == row(kOne));
}

TEST_CASE("names of 1.x decide, whatever the time") {
  const Migration late = migration("20261122213202_late", 1795383122000);
  const Migration petitions = migration("20261122213202_petitions", 1795383122000);
  const MigrationSet set = set_of(Layout::drizzle_1, {late, petitions});
  const Comparison found = compare(
      set, {Shape::with_name,
            {{.hash = petitions.hash.hex(), .created_at = 1795383122000, .name = petitions.name}}});
  CHECK(names(found.applied) == Names{"20261122213202_petitions"});
  CHECK(names(found.late) == Names{"20261122213202_late"});
}

TEST_CASE("a table of 0.x is understood with a folder of 1.x, by the second or by the text") {
  Migration upgraded = kTwo;
  upgraded.name = "20261122213202_two";
  upgraded.when = 1795383122000;
  const MigrationSet set = set_of(Layout::drizzle_1, {upgraded});
  CHECK(compare(set, {Shape::unnamed, {row(kTwo)}}).pending.empty());
  AppliedRow moved = row(kTwo);
  moved.created_at = 5;
  CHECK(compare(set, {Shape::unnamed, {moved}}).pending.empty());
}

TEST_CASE("an upgraded table of 1.x is understood with a folder of 0.x, where the text agrees") {
  const MigrationSet set = set_of(Layout::drizzle_0, {kOne, kTwo});
  const AppliedRow named{
      .hash = kOne.hash.hex(), .created_at = 1795383121000, .name = "20261122213201_one"};
  CHECK(names(compare(set, {Shape::with_name, {named}}).applied) == Names{"0000_one"});
  AppliedRow other = named;
  other.hash = std::string(64, '1');
  CHECK(compare(set, {Shape::with_name, {other}}).unknown.size() == 1);
}

TEST_CASE("plain SQL goes by names alone") {
  Migration first = kOne;
  first.when = 0;
  const MigrationSet set = set_of(Layout::sql, {first});
  const AppliedRow written = row_for(first, Shape::with_name, 77);
  CHECK(written.created_at == 77);
  CHECK(compare(set, {Shape::with_name, {written}}).pending.empty());
  AppliedRow renamed = written;
  renamed.name = "0000_other";
  CHECK(names(compare(set, {Shape::with_name, {renamed}}).pending) == Names{"0000_one"});
}

TEST_CASE("a row has a name just where the table has the column") {
  CHECK_FALSE(row_for(kOne, Shape::unnamed, 1).name);
  CHECK(row_for(kOne, Shape::with_name, 1).name == "0000_one");
  CHECK(row_for(kOne, Shape::with_name, 1).created_at == kOne.when);
}

}  // namespace sealift::migrations::tracking_test
