// SPDX-License-Identifier: Apache-2.0
#include "migrations/migration_set.hpp"

#include <catch2/catch.hpp>

#include "base/format.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::migrations::migration_set_test {

namespace {

using Catch::Matchers::Contains;
using tests::error_of;
using tests::messages;

std::string journal(const std::vector<std::pair<std::string, long>>& entries,
                    const std::string& dialect = "postgresql") {
  std::string list;
  for (const auto& [tag, when] : entries) {
    list +=
        format("{}{{\"idx\":0,\"version\":\"7\",\"when\":{},\"tag\":\"{}\",\"breakpoints\":true}}",
               list.empty() ? "" : ",", when, tag);
  }
  return format("{{\"version\":\"7\",\"dialect\":\"{}\",\"entries\":[{}]}}", dialect, list);
}

// A folder of which nothing is to be refused.
MigrationSet drizzle(const SourceFiles& files) {
  Problems problems;
  MigrationSet set = read_drizzle(files, problems);
  problems.throw_if_any(Errc::invalid_input);
  return set;
}

MigrationSet plain(const SourceFiles& files, Dialect dialect) {
  Problems problems;
  MigrationSet set = read_sql(files, dialect, problems);
  problems.throw_if_any(Errc::invalid_input);
  return set;
}

struct Part {
  std::string text;
  std::size_t line;
};

std::vector<Part> parts_of(const MigrationSet& set, std::size_t number) {
  std::vector<Part> parts;
  set.each_chunk(set.migrations.at(number), [&](const Chunk& chunk) {
    parts.push_back({.text = std::string(chunk.text), .line = chunk.line});
  });
  return parts;
}

std::string refusal(const SourceFiles& files) {
  return messages(error_of([&] { drizzle(files); }));
}

const std::string kSnapshot = R"({"version":"8","dialect":"postgres"})";

}  // namespace

TEST_CASE("migrations: BEGIN and COMMIT around all of one are passed over") {
  const auto given = [](const std::string& text, Dialect dialect) {
    std::string all;
    for (const Part& part : parts_of(plain({{"1_a.sql", text}}, dialect), 0)) all += part.text;
    return all;
  };
  const auto postgresql = [&](const std::string& text) { return given(text, Dialect::postgresql); };
  const auto sqlite = [&](const std::string& text) { return given(text, Dialect::sqlite); };
  CHECK(postgresql("-- by hand\nBEGIN;\nselect 1;\n\nCOMMIT;\n") ==
        "-- by hand\n     ;\nselect 1;\n\n      ;\n");
  CHECK(postgresql("start transaction; select 1; end work") ==
        "                 ; select 1;         ");
  CHECK(sqlite("PRAGMA foreign_keys=OFF; BEGIN TRANSACTION; select 1; COMMIT;") ==
        "PRAGMA foreign_keys=OFF;                  ; select 1;       ;");
  const std::string body = "select $$BEGIN; COMMIT;$$;";
  CHECK(postgresql("begin;" + body + "commit;") == "     ;" + body + "      ;");
  for (const char* text :
       {"BEGIN; select 1;", "select 1; COMMIT;", "BEGIN; select 1; COMMIT; select 2;",
        "select 1; BEGIN; select 2; COMMIT;", "BEGIN; COMMIT; BEGIN; COMMIT;",
        "BEGIN; select 1; ROLLBACK;", "BEGIN ISOLATION LEVEL SERIALIZABLE; select 1; COMMIT;",
        "BEGIN; select 1; COMMIT AND CHAIN;", "BEGIN; VACUUM; COMMIT;",
        "BEGIN; CREATE INDEX CONCURRENTLY i ON t (a); COMMIT;"}) {
    CAPTURE(text);
    CHECK(postgresql(text) == text);
  }
  CHECK(sqlite("COMMIT; PRAGMA foreign_keys=OFF; BEGIN") ==
        "COMMIT; PRAGMA foreign_keys=OFF; BEGIN");
  // Over breakpoints, and over the pieces of a long one.
  const MigrationSet set = drizzle({{"meta/_journal.json", journal({{"a", 10}})},
                                    {"a.sql",
                                     "BEGIN;--> statement-breakpoint\nselect 1;"
                                     "--> statement-breakpoint\nCOMMIT;"}});
  const std::vector<Part> parts = parts_of(set, 0);
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].text == "     ;");
  CHECK(parts[2].text == "\n      ;");
  std::string rows;
  for (int i = 0; i < 60'000; ++i) rows += "insert into t values (1);\n";
  const std::string all = postgresql("BEGIN;\n" + rows + "COMMIT;");
  CHECK(all == "     ;\n" + rows + "      ;");
}

TEST_CASE("migrations: a folder of drizzle-kit 0.x, in the order of its journal") {
  const MigrationSet set = drizzle({{"meta/_journal.json", journal({{"b", 10}, {"a", 20}})},
                                    {"meta/0000_snapshot.json", "{}"},
                                    {"a.sql", "select 1;--> statement-breakpoint\nselect 2;"},
                                    {"b.sql", "select 3"},
                                    {"README.md", "hello"}});
  CHECK(set.layout == Layout::drizzle_0);
  CHECK(set.dialect == Dialect::postgresql);
  REQUIRE(set.migrations.size() == 2);
  CHECK(set.migrations[0].name == "b");
  CHECK(set.migrations[1].when == 20);
  CHECK(set.migrations[1].hash == Digest::of("select 1;--> statement-breakpoint\nselect 2;"));
  const std::vector<Part> chunks = parts_of(set, 1);
  REQUIRE(chunks.size() == 2);
  CHECK(chunks[0].text == "select 1;");
  CHECK(chunks[1].text == "\nselect 2;");
  CHECK(parts_of(set, 0).size() == 1);
}

TEST_CASE("migrations: a folder of drizzle-kit 1.x, in the order of its stamps") {
  const MigrationSet set = drizzle({{"20261122213202_b/migration.sql", "select 2"},
                                    {"20261122213202_b/snapshot.json", kSnapshot},
                                    {"20261122213201_c/migration.sql", "select 1"},
                                    {"20261122213201_c/snapshot.json", kSnapshot}});
  CHECK(set.layout == Layout::drizzle_1);
  REQUIRE(set.migrations.size() == 2);
  CHECK(set.migrations[0].name == "20261122213201_c");
  // As drizzle-orm 1.0.0-rc.4 wrote it.
  CHECK(set.migrations[0].when == 1795383121000);
  CHECK(set.migrations[0].file == "20261122213201_c/migration.sql");
}

TEST_CASE("migrations: what drizzle-orm would skip or run twice is refused") {
  CHECK_THAT(refusal({{"meta/_journal.json", journal({{"a", 1}})}}), Contains("a.sql: missing"));
  CHECK_THAT(refusal({{"meta/_journal.json", journal({{"a", 1}})}, {"a.sql", ""}, {"b.sql", ""}}),
             Contains("b.sql: is no migration"));
  CHECK_THAT(refusal({{"meta/_journal.json", journal({{"a", 1}, {"a", 2}})}, {"a.sql", ""}}),
             Contains("names a twice"));
  CHECK_THAT(refusal({{"meta/_journal.json", journal({{"../a", 1}})}}), Contains("the tag"));
  CHECK_THAT(refusal({{"meta/_journal.json", journal({}, "mysql")}}), Contains("\"mysql\""));
  CHECK_THAT(refusal({{"meta/_journal.json", R"({"dialect":"sqlite","entries":[1]})"}}),
             Contains("expected a tag and a time"));
  CHECK_THAT(refusal({{"meta/_journal.json", "[]"}}), Contains("expected an object"));
  CHECK_THAT(refusal({{"meta/_journal.json", journal({})}, {"20261122213201_a/migration.sql", ""}}),
             Contains("found both"));
  CHECK_THAT(refusal({{"a.sql", ""}}), Contains("found neither"));
  CHECK_THAT(refusal({{"20261122213201_a/migration.sql", ""}}), Contains("no snapshot.json"));
  CHECK_THAT(refusal({{"20261322213201_a/migration.sql", ""},
                      {"20261322213201_a/snapshot.json", kSnapshot}}),
             Contains("expected a name such as"));
}

TEST_CASE("migrations: those of one second are in the order of drizzle-orm") {
  const MigrationSet set = drizzle({{"20261122213201_B/migration.sql", ""},
                                    {"20261122213201_a/migration.sql", ""},
                                    {"20261122213201_ab/migration.sql", ""},
                                    {"20261122213201_a_b/migration.sql", ""},
                                    {"20261122213201_b/migration.sql", ""},
                                    {"20261122213201_b/snapshot.json", kSnapshot}});
  std::vector<std::string> names;
  for (const Migration& each : set.migrations) names.push_back(each.name.substr(15));
  // [...].sort((a, b) => a.localeCompare(b)) of Node.js
  CHECK(names == std::vector<std::string>{"a", "a_b", "ab", "b", "B"});
}

TEST_CASE("migrations: dialects as all releases of drizzle-kit spell them") {
  for (const char* word : {"postgresql", "postgres", "pg"}) {
    CHECK(drizzle({{"meta/_journal.json", journal({}, word)}}).dialect == Dialect::postgresql);
  }
  for (const char* word : {"sqlite", "turso", "libsql"}) {
    CHECK(drizzle({{"meta/_journal.json", journal({}, word)}}).dialect == Dialect::sqlite);
  }
}

TEST_CASE("migrations: tags in people's own words") {
  for (const char* tag : {"0000_add users", "0001_d\u00e9j\u00e0-vu", "2 (final) & last+1"}) {
    CAPTURE(tag);
    const std::string file = std::string(tag) + ".sql";
    CHECK(drizzle({{"meta/_journal.json", journal({{tag, 1}})}, {file, "select 1"}})
              .migrations.size() == 1);
  }
  for (const char* tag : {"a/b", "..", " a", "a ", ".a", "a\\\\b", "a\\u0007b", "a\\u202eb"}) {
    CAPTURE(tag);
    CHECK_THAT(refusal({{"meta/_journal.json", journal({{tag, 1}})}}),
               Contains("expected the name of a file"));
  }
}

TEST_CASE("migrations: what is left out of a release is named by the hint") {
  const std::optional<Error> error = error_of([] {
    drizzle({{"meta/_journal.json", journal({{"a", 1}})}, {"a.sql", ""}, {"b c.sql", ""}});
  });
  REQUIRE(error);
  CHECK_THAT(error->hint(), Contains("exclude: [\"b c.sql\"]"));
}

TEST_CASE("migrations: a dump of pg_dump is a migration, without its lines for psql") {
  const std::string dump =
      "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET "
      "standard_conforming_strings = on;\nCREATE TABLE a (b text);\n\n\\unrestrict abc\n\n";
  const MigrationSet set = plain({{"1_a.sql", dump}}, Dialect::postgresql);
  REQUIRE(set.migrations.size() == 1);
  CHECK(set.migrations[0].hash == Digest::of(dump));
  const std::vector<Part> chunks = parts_of(set, 0);
  REQUIRE(chunks.size() == 3);
  CHECK(chunks[1].line == 6);
  CHECK(chunks[1].text == "\nSET standard_conforming_strings = on;\nCREATE TABLE a (b text);\n\n");
  CHECK(chunks[2].text == "\n");
}

TEST_CASE("migrations: every mistake of a folder is told at once, and the rest is read") {
  Problems problems;
  const MigrationSet set =
      read_drizzle({{"meta/_journal.json", journal({{"a", 1}, {"gone", 2}, {"open", 3}, {"b", 4}})},
                    {"a.sql", "select 1"},
                    {"open.sql", "select '"},
                    {"b.sql", "select 2"}},
                   problems);
  CHECK(problems.all().size() == 2);
  REQUIRE(set.migrations.size() == 2);
  CHECK(set.migrations[0].name == "a");
  CHECK(set.migrations[1].name == "b");
}

TEST_CASE("migrations: text that databases read otherwise is refused") {
  const auto with = [](const std::string& sql) {
    return refusal({{"meta/_journal.json", journal({{"a", 1}})}, {"a.sql", sql}});
  };
  CHECK_THAT(with("\xEF\xBB\xBFselect 1"), Contains("byte order mark"));
  CHECK_THAT(with("select '\xff'"), Contains("not UTF-8"));
  CHECK_THAT(with("select 'a--> statement-breakpoint\n'"), Contains("a string without its end"));
  CHECK(with("select 1;\r\n").empty());
}

TEST_CASE("migrations: what drizzle-kit pull writes is a baseline") {
  const std::string pulled =
      "-- Current sql file was generated after introspecting the database\n/*\nCREATE TABLE a "
      "(b int);\n--> statement-breakpoint\nCREATE TABLE c (d int);\n*/";
  const MigrationSet set = drizzle({{"meta/_journal.json", journal({{"a", 1}, {"b", 2}})},
                                    {"a.sql", pulled},
                                    {"b.sql", "select 1;--> statement-breakpoint\nselect 2"}});
  CHECK(set.migrations[0].is_baseline());
  CHECK_FALSE(set.migrations[1].is_baseline());
}

TEST_CASE("migrations: plain files in the order of their numbers") {
  const MigrationSet set = plain({{"10_ten.sql", "select 10"},
                                  {"9_nine.sql", "select 9"},
                                  {"9_nine.down.sql", "select -9"},
                                  {"notes.txt", ""}},
                                 Dialect::sqlite);
  REQUIRE(set.migrations.size() == 2);
  CHECK(set.migrations[0].name == "9_nine");
  CHECK(set.migrations[0].down.value().whole() == "select -9");
  CHECK_FALSE(set.migrations[1].down);
  const auto refused = [](const SourceFiles& files) {
    return messages(error_of([&] { plain(files, Dialect::postgresql); }));
  };
  CHECK_THAT(refused({{"1_a.sql", ""}, {"01_b.sql", ""}}), Contains("has the number of"));
  CHECK_THAT(refused({{"1_a.down.sql", ""}}), Contains("takes back 1_a.sql"));
  CHECK_THAT(refused({{"a.sql", ""}}), Contains("is no migration"));
  CHECK_THAT(refused({{"x/1_a.sql", ""}}), Contains("is no migration"));
  CHECK_THAT(refused({{"99999999999999999999_a.sql", ""}}), Contains("is no migration"));
}

}  // namespace sealift::migrations::migration_set_test
