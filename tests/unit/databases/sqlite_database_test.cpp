// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "databases/database.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::databases {

namespace {

using migrations::Applied;
using migrations::Migration;
using migrations::MigrationSet;
using migrations::Shape;

Migration migration(const std::string& name, const std::string& sql) {
  return {.name = name, .file = name + ".sql", .sql = sql, .hash = Digest::of(sql)};
}

// A database in a folder of its own, and the migrations that it may get.
class Shelf {
 public:
  explicit Shelf(std::vector<Migration> all)
      : set_{.layout = migrations::Layout::sql,
             .dialect = migrations::Dialect::sqlite,
             .migrations = std::move(all)},
        table_(usual_table(set_.layout, set_.dialect)),
        database_(open_sqlite(folder_.path() / "app.db", folder_.path(),
                              {.lock = std::chrono::milliseconds(50), .attempts = 2})) {}

  void migrate() { migrate_from(database_->applied(table_)); }
  void migrate_from(const Applied& before) {
    const migrations::Comparison found = compare(set_, before);
    database_->migrate({.set = set_,
                        .pending = found.pending,
                        .table = table_,
                        .before = before,
                        .author = {.transaction = 7, .release = "1.0.0", .digest = {}, .actor = {}},
                        .now = {}});
  }
  Applied applied() { return database_->applied(table_); }
  std::string dump() {
    StringSink sink;
    database_->dump(sink);
    return sink.take();
  }
  Database& database() { return *database_; }

 private:
  tests::ScratchFolder folder_;
  MigrationSet set_;
  migrations::TrackingTable table_;
  std::unique_ptr<Database> database_;
};

const Migration kOne = migration("0001_one", "CREATE TABLE t (a); INSERT INTO t VALUES ('x');");
const Migration kBad = migration("0002_bad", "CREATE TABLE u (a);\n\nINSERT INTO v VALUES (1);");

}  // namespace

TEST_CASE("sqlite: a run leaves its rows, and nothing to do") {
  Shelf shelf({kOne});
  CHECK(shelf.applied().shape == Shape::missing);
  shelf.migrate();
  REQUIRE(shelf.applied().rows.size() == 1);
  CHECK(shelf.applied().rows[0].name == "0001_one");
  CHECK(shelf.applied().rows[0].hash == kOne.hash.hex());
}

TEST_CASE("sqlite: a run that fails leaves nothing, and says where") {
  Shelf shelf({kOne, kBad});
  const auto error = tests::error_of([&] { shelf.migrate(); });
  REQUIRE(error);
  CHECK(error->code() == Errc::target_failed);
  CHECK(tests::messages(error) == "0002_bad.sql:3: no such table: v\n");
  CHECK(shelf.applied().shape == Shape::missing);
}

TEST_CASE("sqlite: a plan that was made from another state is refused") {
  Shelf shelf({kOne});
  const Applied before = shelf.applied();
  shelf.migrate();
  CHECK(tests::refusal_of([&] { shelf.migrate_from(before); }) == Errc::target_failed);
  CHECK(shelf.applied().rows.size() == 1);
}

TEST_CASE("sqlite: a dump can be checked and restored, a broken one cannot") {
  Shelf shelf({kOne});
  shelf.migrate();
  const Applied before = shelf.applied();
  std::string dump = shelf.dump();
  StringSource whole(dump);
  shelf.database().check_dump(whole);

  Shelf other({kOne, migration("0002_two", "DROP TABLE t")});
  other.migrate();
  CHECK(other.applied() != before);
  StringSource again(dump);
  other.database().restore(again, {.label = "unused", .about = Json::object()});
  CHECK(other.applied() == before);

  dump.resize(dump.size() / 2);
  StringSource half(dump);
  const Restoring how{.label = "unused", .about = Json::object()};
  CHECK(tests::refusal_of([&] { other.database().restore(half, how); }) == Errc::corrupt);
  CHECK(other.applied() == before);
}

}  // namespace sealift::databases
