// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>
#include <catch2/catch.hpp>

#include "databases/database.hpp"
#include "databases/query.hpp"
#include "databases/sqlite_connection.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::databases::sqlite_database_test {

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
  explicit Shelf(std::vector<Migration> all, ForeignKeys foreign_keys = ForeignKeys::ignored)
      : foreign_keys_(foreign_keys),
        set_{.layout = migrations::Layout::sql,
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
                        .now = {},
                        .foreign_keys = foreign_keys_});
  }
  Applied applied() { return database_->applied(table_); }
  // The next release has one more.
  void add(const Migration& next) { set_.migrations.push_back(next); }
  std::string ask(const std::string& query) {
    return ask_sqlite(folder_.path() / "app.db", query, std::chrono::seconds(5));
  }
  // Behind the back of the installer.
  void write(const std::string& sql) {
    const SqliteConnection app(folder_.path() / "app.db", SQLITE_OPEN_READWRITE,
                               std::chrono::seconds(5));
    app.exec(sql);
  }
  std::string dump() {
    StringSink sink;
    database_->dump(sink);
    return sink.take();
  }
  Database& database() { return *database_; }

 private:
  ForeignKeys foreign_keys_;
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

TEST_CASE("sqlite: a transaction that is ended for PRAGMA foreign_keys goes on") {
  const std::string anew =
      "COMMIT TRANSACTION;\nPRAGMA foreign_keys = OFF;\nBEGIN TRANSACTION;\n"
      "CREATE TABLE n (a PRIMARY KEY); INSERT INTO n SELECT a FROM p; DROP TABLE p;\n"
      "ALTER TABLE n RENAME TO p;\n"
      "COMMIT; PRAGMA foreign_keys = ON; BEGIN;\n";
  const Migration tables =
      migration("0001_tables",
                "CREATE TABLE p (a PRIMARY KEY); INSERT INTO p VALUES (1);"
                "CREATE TABLE c (a REFERENCES p (a) ON DELETE CASCADE); INSERT INTO c VALUES (1);");
  SECTION("rows that refer to the table stay") {
    Shelf shelf({tables, migration("0002_anew", anew),
                 migration("0003_count",
                           "INSERT INTO c "
                           "SELECT 1 FROM c GROUP BY 1 HAVING count(*) = 1")},
                ForeignKeys::followed);
    shelf.migrate();
    CHECK(shelf.applied().rows.size() == 3);
  }
  SECTION("a failure behind it takes everything back") {
    Shelf shelf({tables, migration("0002_anew", anew + "INSERT INTO v VALUES (1);")},
                ForeignKeys::followed);
    CHECK(tests::error_of([&] { shelf.migrate(); }));
    CHECK(shelf.applied().shape == Shape::missing);
  }
  SECTION("nothing else stands within, and it has an end") {
    for (const auto& [sql, why] :
         {std::pair("COMMIT; SELECT 1;", "which stands between COMMIT and BEGIN"),
          {"COMMIT; BEGIN", "which stands between COMMIT and BEGIN"},
          {"COMMIT; PRAGMA foreign_keys = OFF;", "ends a transaction and begins none"}}) {
      CAPTURE(sql);
      Shelf shelf({tables, migration("0002_bad", sql)});
      const auto error = tests::error_of([&] { shelf.migrate(); });
      REQUIRE(error);
      CHECK(error->message().find(why) != std::string::npos);
      CHECK(shelf.applied().shape == Shape::missing);
    }
  }
}

TEST_CASE("sqlite: a migration that leaves its database is refused, named, and changes nothing") {
  struct Refused {
    const char* sql;
    const char* why;
  };
  const Refused refused =
      GENERATE(Refused{"ATTACH '/tmp/other.db' AS other", "attaches another file"},
               Refused{"DETACH main", "detaches a file"},
               Refused{"SELECT load_extension('/tmp/x.so')", "loads code"},
               Refused{"PRAGMA writable_schema = ON", "sets PRAGMA writable_schema"},
               Refused{"PRAGMA main.Trusted_Schema = 1", "sets PRAGMA trusted_schema"},
               Refused{"PRAGMA temp_store_directory = '/tmp'", "sets PRAGMA temp_store_directory"},
               Refused{"ROLLBACK", "begins or ends a transaction by itself"},
               Refused{"BEGIN", "begins or ends a transaction by itself"},
               Refused{"DELETE FROM __sealift_migrations",
                       "changes __sealift_migrations, which only the installer may change"},
               Refused{"UPDATE __SEALIFT_history SET actor = ''",
                       "changes __sealift_history, which only the installer may change"},
               Refused{"DROP TABLE __sealift_migrations",
                       "changes __sealift_migrations, which only the installer may change"},
               Refused{"ALTER TABLE __sealift_migrations RENAME TO old",
                       "changes __sealift_migrations, which only the installer may change"},
               Refused{"CREATE TEMP TABLE __sealift_migrations (id)",
                       "changes __sealift_migrations, which only the installer may change"},
               Refused{"CREATE TRIGGER hide AFTER INSERT ON __sealift_history BEGIN SELECT 1; END",
                       "changes __sealift_history, which only the installer may change"});
  const std::string sql = refused.sql;
  CAPTURE(sql);
  Shelf shelf({kOne, migration("0002_out", "CREATE TABLE u (a);\n" + sql)});
  const auto error = tests::error_of([&] { shelf.migrate(); });
  REQUIRE(error);
  CHECK(error->code() == Errc::target_failed);
  CHECK(error->message() == "0002_out.sql:2: found " + sql.substr(0, sql.find(';')) + ", which " +
                                refused.why + ": a migration may not");
  CHECK(shelf.applied().shape == Shape::missing);
}

TEST_CASE("sqlite: the schema table is not written, nor what only SQLite may write") {
  const char* sql = GENERATE("DELETE FROM sqlite_master", "UPDATE sqlite_schema SET sql = ''",
                             "CREATE VIRTUAL TABLE f USING fts5(a); DELETE FROM f_data");
  CAPTURE(sql);
  Shelf shelf({kOne, migration("0002_out", sql)});
  const auto error = tests::error_of([&] { shelf.migrate(); });
  REQUIRE(error);
  CHECK(error->message().find("may not be modified") != std::string::npos);
  CHECK(shelf.applied().shape == Shape::missing);
}

TEST_CASE("sqlite: a migration may do what drizzle-kit writes, and search, and look") {
  Shelf shelf(
      {kOne, migration("0002_more",
                       "PRAGMA foreign_keys=OFF;\n"
                       "CREATE TABLE `__new_t` (`a` text NOT NULL DEFAULT 'y', `b` integer);\n"
                       "INSERT INTO `__new_t`(\"a\") SELECT \"a\" FROM `t`;\n"
                       "DROP TABLE `t`;\n"
                       "ALTER TABLE `__new_t` RENAME TO `t`;\n"
                       "PRAGMA foreign_keys=ON;\n"
                       "PRAGMA defer_foreign_keys=ON;\n"
                       "PRAGMA journal_mode;\n"
                       "PRAGMA user_version=3;\n"
                       "CREATE UNIQUE INDEX `t_a` ON `t` (`a`);\n"
                       "ALTER TABLE `t` ADD `c` text NOT NULL DEFAULT '';\n"
                       "ALTER TABLE `t` RENAME COLUMN `b` TO `d`;\n"
                       "ALTER TABLE `t` DROP COLUMN `d`;\n"
                       "CREATE VIEW `v` AS SELECT lower(a) AS l FROM t;\n"
                       "CREATE VIRTUAL TABLE `f` USING fts5(a);\n"
                       "CREATE TRIGGER `keep` AFTER INSERT ON `t` BEGIN\n"
                       "  INSERT INTO f (a) VALUES (new.a);\nEND;\n"
                       "INSERT INTO t (a) VALUES ('z');\n"
                       "CREATE TABLE log AS SELECT hash FROM __sealift_migrations;\n"
                       "SAVEPOINT s; RELEASE s; ANALYZE; REINDEX;\n"
                       "DROP VIEW `v`; DROP INDEX `t_a`;")});
  shelf.migrate();
  CHECK(shelf.applied().rows.size() == 2);
}

namespace {

const Migration kFamily =
    migration("0001_family",
              "CREATE TABLE users (id integer PRIMARY KEY);\n"
              "CREATE TABLE posts (name text PRIMARY KEY, author integer NOT NULL REFERENCES "
              "users (id) ON DELETE CASCADE);\n"
              "INSERT INTO users VALUES (1), (2);\n"
              "INSERT INTO posts VALUES ('a', 1), ('b', 2);\n");
// As drizzle-kit makes a table anew: its rows get other numbers.
const char* const kPostsAnew =
    "PRAGMA foreign_keys=OFF;\n"
    "CREATE TABLE new_posts (name text PRIMARY KEY, author integer REFERENCES users (id));\n"
    "INSERT INTO new_posts SELECT name, author FROM posts;\n"
    "DROP TABLE posts;\nALTER TABLE new_posts RENAME TO posts;\nPRAGMA foreign_keys=ON;\n";
constexpr const char* kAll = "SELECT group_concat(name || author) FROM posts";

}  // namespace

TEST_CASE("sqlite: a run that leaves rows which refer to nothing is undone, and says which") {
  const auto sql = GENERATE(as<std::string>{}, "DELETE FROM users WHERE id = 2;",
                            "INSERT INTO posts VALUES ('c', 9);",
                            "UPDATE posts SET author = 9 WHERE name = 'b';");
  CAPTURE(sql);
  Shelf shelf({kFamily});
  shelf.migrate();
  shelf.add(migration("0002_data", sql));
  const auto error = tests::error_of([&] { shelf.migrate(); });
  REQUIRE(error);
  CHECK(error->code() == Errc::target_failed);
  CHECK(error->message().starts_with(
      "0002_data.sql: the table posts has a row that refers to no row of users, such as that with "
      "rowid "));
  CHECK(error->hint().find("foreign_keys: on") != std::string::npos);
  CHECK(shelf.ask(kAll) == "a1,b2");
}

TEST_CASE("sqlite: rows that referred to nothing before do not keep a run from being applied") {
  Shelf old({migration("0001_old", "CREATE TABLE users (id integer PRIMARY KEY);\n")});
  old.migrate();
  old.write(
      "CREATE TABLE posts (name text PRIMARY KEY, author integer REFERENCES users (id)); "
      "INSERT INTO posts VALUES ('x', NULL), ('y', 777); DELETE FROM posts WHERE name = 'x'");
  old.add(migration("0002_anew", kPostsAnew));
  old.migrate();
  old.add(migration("0003_name", "ALTER TABLE posts RENAME TO articles;\n"));
  old.migrate();
  CHECK(old.ask("SELECT author FROM articles") == "777");
  old.add(migration("0004_more", "INSERT INTO articles VALUES ('z', 777);\n"));
  CHECK(tests::refusal_of([&] { old.migrate(); }) == Errc::target_failed);
}

TEST_CASE("sqlite: foreign keys are followed where the release says so") {
  Shelf shelf({kFamily}, ForeignKeys::followed);
  shelf.migrate();
  shelf.add(migration("0002_less", "DELETE FROM users WHERE id = 1;"));
  shelf.migrate();
  CHECK(shelf.ask(kAll) == "b2");
  shelf.add(migration("0003_more", "SELECT 1;\nINSERT INTO posts VALUES ('c', 9);"));
  const auto error = tests::error_of([&] { shelf.migrate(); });
  REQUIRE(error);
  CHECK(error->message() == "0003_more.sql:2: FOREIGN KEY constraint failed");
}

TEST_CASE("sqlite: a table that is made anew keeps the rows that refer to it") {
  const std::string anew =
      "CREATE TABLE new_users (id integer PRIMARY KEY, name text);\n"
      "INSERT INTO new_users (id) SELECT id FROM users;\nDROP TABLE users;\n"
      "ALTER TABLE new_users RENAME TO users;\n";
  Shelf shelf({kFamily}, ForeignKeys::followed);
  shelf.migrate();
  shelf.add(migration("0002_anew", "PRAGMA foreign_keys=OFF;\n" + anew +
                                       "PRAGMA foreign_keys=ON;\nDELETE FROM users WHERE id = 1;"));
  shelf.migrate();
  CHECK(shelf.ask(kAll) == "b2");
  // What one migration switches off is on again in the next.
  shelf.add(migration("0003_off", "PRAGMA foreign_keys = 0;\nSELECT 1;"));
  shelf.add(migration("0004_less", "DELETE FROM users WHERE id = 2;"));
  shelf.migrate();
  CHECK(shelf.ask("SELECT count(*) FROM posts") == "0");
}

TEST_CASE("sqlite: keys of which SQLite cannot say whether they hold are passed over") {
  Shelf shelf({migration("0001_odd",
                         "CREATE TABLE a (x int);\n"
                         "CREATE TABLE b (y int REFERENCES a (x));\n"
                         "INSERT INTO b VALUES (1);\n")});
  shelf.migrate();
  CHECK(shelf.applied().rows.size() == 1);
}

TEST_CASE("sqlite: a database below a linked folder is one, a linked file is none") {
  const tests::ScratchFolder folder;
  fs::create_directory(folder.path() / "shared");
  fs::create_directory_symlink("shared", folder.path() / "current");
  const auto open = [&](const fs::path& file) { return open_sqlite(file, folder.path(), {}); };
  StringSink sink;
  open(folder.path() / "current/app.db")->dump(sink);
  CHECK(path_exists(folder.path() / "shared/app.db"));
  CHECK(ask_sqlite(folder.path() / "current/app.db", "SELECT 7", std::chrono::seconds(5)) == "7");
  fs::create_symlink("app.db", folder.path() / "shared/link.db");
  const auto error = tests::error_of([&] { open(folder.path() / "shared/link.db")->facts(); });
  REQUIRE(error);
  CHECK(error->code() == Errc::incompatible);
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

}  // namespace sealift::databases::sqlite_database_test
