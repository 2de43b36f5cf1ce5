// SPDX-License-Identifier: Apache-2.0
#include "migrations/lint.hpp"

#include <catch2/catch.hpp>

#include "base/format.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::migrations::lint_test {

namespace {

MigrationSet set_of(std::string sql, Dialect dialect) {
  return {.layout = Layout::drizzle_0,
          .dialect = dialect,
          .migrations = {{.name = "1_a", .file = "1_a.sql", .sql = sql, .hash = Digest::of(sql)}}};
}

std::vector<Finding> findings(const std::string& sql, Dialect dialect = Dialect::postgresql) {
  const MigrationSet set = set_of(sql, dialect);
  return lint(set, {&set.migrations[0]}, Span::run);
}

// The rules that are broken; fatal ones with an exclamation mark.
std::vector<std::string> broken(const std::string& sql, Dialect dialect = Dialect::postgresql) {
  std::vector<std::string> broken;
  for (const Finding& finding : findings(sql, dialect)) {
    broken.push_back(finding.rule + (finding.weight == Finding::Weight::fatal ? "!" : ""));
  }
  return broken;
}

using Rules = std::vector<std::string>;

Standing standing(const std::string& sql, Dialect dialect = Dialect::postgresql) {
  return standing_of(parse_sql(sql, dialect).at(0), dialect);
}

}  // namespace

TEST_CASE("lint: psql gets nothing that it would take for itself") {
  CHECK(broken("select 1 \\! id") == Rules{"backslash!"});
  CHECK(broken("select '\\! id', E'\\\\', $$ \\! $$ -- \\!") == Rules{});
  CHECK(broken("-- a\r\\! id") == Rules{"backslash!"});
  CHECK(broken("select :name") == Rules{"variable!"});
  CHECK(broken("select :'name'") == Rules{"variable!"});
  CHECK(broken("select :\"name\"") == Rules{"variable!"});
  CHECK(broken("select :{?name}") == Rules{"variable!"});
  CHECK(broken("select :1") == Rules{"variable!"});
  CHECK(broken("select a::text, b::\"T\", f(x := 1), arr[1:port], arr[:n], 'a:b', : c") == Rules{});
  CHECK(broken("copy t from stdin") == Rules{"copy-from-stdin!"});
  CHECK(broken("COPY t (a) FROM STDIN WITH CSV") == Rules{"copy-from-stdin!"});
  CHECK(broken("copy t to stdout") == Rules{});
  for (const char* sql : {"set standard_conforming_strings = off", "set backslash_quote to on",
                          "set standard_conforming_strings to default",
                          "select set_config('standard_conforming_strings', 'off', false)"}) {
    CAPTURE(sql);
    CHECK(broken(sql) == Rules{"string-form!"});
  }
  for (const char* value : {"on", "'on'", "true", "ON", "1"}) {
    CAPTURE(value);
    CHECK(broken(format("SET standard_conforming_strings = {}", value)) == Rules{});
  }
}

TEST_CASE("lint: a seed of one long statement takes a time that grows with its length") {
  std::string sql = "insert into t values (0, '')";
  for (int i = 0; i < 100'000; ++i) sql += ",(1, 'text')";
  CHECK(broken(sql) == Rules{});
}

TEST_CASE("lint: SQLite's own walls stay up") {
  const auto of_sqlite = [](const char* sql) { return broken(sql, Dialect::sqlite); };
  CHECK(of_sqlite("PRAGMA main.writable_schema = ON") == Rules{"pragma!"});
  CHECK(of_sqlite("pragma trusted_schema=1") == Rules{"pragma!"});
  CHECK(of_sqlite("PRAGMA journal_mode(WAL)") == Rules{"pragma!"});
  CHECK(of_sqlite("PRAGMA Synchronous = off") == Rules{"pragma!"});
  CHECK(of_sqlite("PRAGMA journal_mode; PRAGMA table_info(t); PRAGMA user_version = 3") == Rules{});
  CHECK(of_sqlite("PRAGMA page_size = 8192") == Rules{"pragma-without-effect"});
  CHECK(of_sqlite("vacuum; attach 'a' as b; detach b") ==
        Rules{"outside-transaction!", "outside-transaction!", "outside-transaction!"});
  CHECK(of_sqlite("SELECT load_extension('/tmp/x.so')") == Rules{"load-extension!"});
  CHECK(of_sqlite("PRAGMA foreign_keys=OFF") == Rules{});
  CHECK(of_sqlite("INSERT INTO t VALUES ('writable_schema', 'load_extension')") == Rules{});
}

TEST_CASE("lint: what only libSQL has") {
  const auto of_sqlite = [](const char* sql) { return broken(sql, Dialect::sqlite); };
  CHECK(of_sqlite("ALTER TABLE `t` ALTER COLUMN \"a\" TO \"a\" text NOT NULL") == Rules{"libsql!"});
  CHECK(of_sqlite("CREATE INDEX i ON t (libsql_vector_idx(v))") == Rules{"libsql!"});
  CHECK(of_sqlite("INSERT INTO t VALUES (vector32('[1]'), 'vector32(1)')") == Rules{"libsql!"});
  CHECK(of_sqlite("CREATE TABLE t (v F32_BLOB(3), w vector(3))") == Rules{});
  CHECK(of_sqlite("CREATE TABLE t (a text) RANDOM ROWID") == Rules{"libsql!"});
}

TEST_CASE("lint: transactions are not the migration's") {
  for (const char* sql : {"begin", "START TRANSACTION", "commit", "end", "rollback", "abort",
                          "prepare transaction 'x'"}) {
    CAPTURE(sql);
    CHECK(broken(sql) == Rules{"transaction-control!"});
  }
  CHECK(broken("savepoint a; rollback to a; release a") == Rules{});
}

TEST_CASE("lint: a transaction of SQLite that is ended for PRAGMA foreign_keys alone") {
  const auto of_sqlite = [](const char* sql) { return broken(sql, Dialect::sqlite); };
  CHECK(of_sqlite("COMMIT TRANSACTION; PRAGMA foreign_keys=OFF; BEGIN TRANSACTION; DROP TABLE t") ==
        Rules{"drop-table"});
  CHECK(of_sqlite("end; pragma foreign_keys(0); pragma foreign_keys = 1; begin immediate") ==
        Rules{});
  const Rules once{"transaction-control!"};
  const Rules twice{"transaction-control!", "transaction-control!"};
  for (const char* sql :
       {"COMMIT", "COMMIT; PRAGMA foreign_keys=OFF", "ROLLBACK; PRAGMA foreign_keys=OFF",
        "PRAGMA foreign_keys=OFF; BEGIN", "COMMIT; SELECT 1; PRAGMA foreign_keys=OFF"}) {
    CAPTURE(sql);
    CHECK(of_sqlite(sql) == once);
  }
  CHECK(of_sqlite("COMMIT; BEGIN") == twice);
  CHECK(of_sqlite("COMMIT; PRAGMA foreign_keys; BEGIN") == twice);
  CHECK(of_sqlite("COMMIT; COMMIT") == twice);
  CHECK(broken("COMMIT; SET x = 1; BEGIN") == twice);
}

TEST_CASE("lint: statements that stand outside of transactions") {
  for (const char* sql :
       {"create index concurrently i on t (a)", "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)",
        "drop index concurrently i", "reindex index concurrently i", "reindex database d", "vacuum",
        "vacuum full t", "create database d", "alter system set x = 1",
        "alter table t detach partition p concurrently", "create tablespace x location '/x'"}) {
    CAPTURE(sql);
    CHECK(standing(sql) == Standing::outside);
  }
  for (const char* sql :
       {"create index i on t (a)", "refresh materialized view concurrently v",
        "alter type a add value 'x'", "reindex table t", "select 'concurrently'"}) {
    CAPTURE(sql);
    CHECK(standing(sql) == Standing::inside);
  }
  CHECK(standing("PRAGMA foreign_keys=OFF", Dialect::sqlite) == Standing::outside);
  CHECK(standing("vacuum", Dialect::sqlite) == Standing::outside);
}

TEST_CASE("lint: what people regret") {
  CHECK(broken("drop table public.t") == Rules{"drop-table"});
  CHECK(broken("truncate table t") == Rules{"truncate"});
  CHECK(broken("alter table t drop column a") == Rules{"drop-column"});
  CHECK(broken("alter table t drop a, drop constraint c") == Rules{"drop-column"});
  CHECK(broken("alter table t alter column a drop not null, alter column a drop default") ==
        Rules{});
  CHECK(broken("alter table t rename column a to b") == Rules{"rename"});
  CHECK(broken("alter table t rename to u") == Rules{"rename"});
  CHECK(broken("alter table t alter column a set data type bigint") == Rules{"type-change"});
  CHECK(broken("alter table t alter a type bigint using a::bigint") == Rules{"type-change"});
  CHECK(broken("alter table t alter column a set not null") == Rules{"not-null"});
  CHECK(broken("alter table t add column a int not null") == Rules{"new-not-null-column"});
  CHECK(broken("alter table t add column a int not null default 1") == Rules{});
  CHECK(broken("create index i on t (a)") == Rules{"index-locks-table"});
  CHECK(broken("create unique index if not exists i on only t (a)") == Rules{"index-locks-table"});
  CHECK(broken("create index concurrently i on t (a)") == Rules{});
  CHECK(broken("alter table t add constraint c foreign key (a) references u (b)") ==
        Rules{"constraint-scans-table"});
  CHECK(broken("alter table t add constraint c foreign key (a) references u (b) not valid") ==
        Rules{});
  CHECK(broken("alter table t add constraint c check (a > 0)") == Rules{"constraint-scans-table"});
  CHECK(broken("alter table t add constraint c unique (a)") == Rules{"constraint-scans-table"});
  CHECK(broken("alter table t add constraint c unique using index i") == Rules{});
  CHECK(broken("update t set a = 1") == Rules{"unbounded-write"});
  CHECK(broken("delete from t") == Rules{"unbounded-write"});
  CHECK(broken("update t set a = 1 where b = 2") == Rules{});
}

TEST_CASE("lint: a table of the same run is empty") {
  CHECK(broken("create table if not exists \"T\" (a int); create index i on \"T\" (a); alter table "
               "\"T\" add constraint c foreign key (a) references u (b); drop table \"T\"") ==
        Rules{});
  CHECK(broken("create table t (a int); create index i on u (a)") == Rules{"index-locks-table"});
}

TEST_CASE("lint: a value of an enumeration is not used in the run that adds it") {
  CHECK(broken("alter type mood add value 'new'; insert into t values ('new')") ==
        Rules{"new-enum-value-used"});
  CHECK(broken("alter type mood add value if not exists 'new'; insert into t values ('old')") ==
        Rules{});
}

TEST_CASE("lint: a value of an enumeration is not used by a later file of the same transaction") {
  const auto file = [](const std::string& name, const std::string& sql) {
    return Migration{.name = name, .file = name + ".sql", .sql = sql, .hash = Digest::of(sql)};
  };
  const MigrationSet set{
      .layout = Layout::drizzle_0,
      .dialect = Dialect::postgresql,
      .migrations = {file("a", "create table t (v text); alter type k add value 'y'"),
                     file("b", "insert into t values ('y'); delete from t")}};
  const auto found = [&](Span span) {
    Rules rules;
    for (const Finding& finding : lint_all(set, span))
      rules.push_back(finding.file + " " + finding.rule);
    return rules;
  };
  // A table of an earlier file may be full by now.
  CHECK(found(Span::run) == Rules{"b.sql new-enum-value-used", "b.sql unbounded-write"});
  CHECK(found(Span::file) == Rules{"b.sql unbounded-write"});
  CHECK(lint(set, {&set.migrations[0], &set.migrations[1]}, Span::file).empty());
}

TEST_CASE("lint: times of a journal that do not rise") {
  const auto at = [](const char* name, std::int64_t when) {
    return Migration{.name = name, .file = "", .sql = "", .hash = Digest::of(name), .when = when};
  };
  const auto order = [&](Layout layout) {
    const MigrationSet set{.layout = layout,
                           .dialect = Dialect::postgresql,
                           .migrations = {at("a", 20), at("b", 10), at("c", 15), at("d", 21)}};
    Rules found;
    for (const Finding& finding : lint_order(set)) found.push_back(finding.found);
    return found;
  };
  // drizzle-orm goes by the newest that was applied, not by the one before.
  const Rules found = order(Layout::drizzle_0);
  REQUIRE(found.size() == 2);
  CHECK_THAT(found[0], Catch::Matchers::StartsWith("b is dated 10, not after a before it (20)"));
  CHECK_THAT(found[1], Catch::Matchers::StartsWith("c is dated 15, not after a before it (20)"));
  CHECK(order(Layout::drizzle_1).empty());
}

TEST_CASE("lint: a finding says where") {
  const std::vector<Finding> found =
      findings("select 1;\n--> statement-breakpoint\n\ndrop table t;");
  REQUIRE(found.size() == 1);
  CHECK(found[0].file == "1_a.sql");
  CHECK(found[0].line == 4);
}

TEST_CASE("lint: every rule that can be waived has its reason") {
  for (const Rule& rule : rules()) CHECK_FALSE(rule.reason.empty());
}

}  // namespace sealift::migrations::lint_test
