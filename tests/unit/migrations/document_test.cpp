// SPDX-License-Identifier: Apache-2.0
// docs/databases.md says in two tables what a build takes, refuses and finds; both are true.
#include <catch2/catch.hpp>
#include <fstream>
#include <functional>
#include <map>
#include <set>

#include "base/format.hpp"
#include "migrations/lint.hpp"
#include "migrations/tracking.hpp"
#include "tests/unit/source_folder.hpp"

namespace sealift::migrations::document_test {

namespace {

// The cells of each row of the table whose first heading is `heading`.
std::vector<std::vector<std::string>> table_of(const std::string& heading) {
  std::ifstream document(tests::source_folder() / "docs/databases.md");
  REQUIRE(document);
  std::string line;
  while (std::getline(document, line) && !line.starts_with("| " + heading + " |")) {
  }
  std::getline(document, line);
  std::vector<std::vector<std::string>> rows;
  while (std::getline(document, line) && line.starts_with("| ")) {
    std::vector<std::string>& row = rows.emplace_back();
    for (std::size_t begin = 2, end = 0; begin < line.size(); begin = end + 3) {
      end = std::min(line.find(" |", begin), line.size());
      row.push_back(line.substr(begin, end - begin));
    }
  }
  return rows;
}

std::string journal_of(const std::string& dialect, const std::string& entries) {
  return format(R"({{"dialect":"{}","entries":[{}]}})", dialect, entries);
}

bool is_folder_taken(const SourceFiles& files) {
  try {
    Problems problems;
    const MigrationSet set = read_drizzle(files, problems);
    return problems.empty() && lint_order(set).empty();
  } catch (const Error&) {
    return false;
  }
}

bool is_text_taken(const std::string& sql, const std::string& dialect = "postgresql") {
  return is_folder_taken(
      {{"meta/_journal.json", journal_of(dialect, R"({"tag":"a","when":1})")}, {"a.sql", sql}});
}

bool is_dialect_taken(const std::string& dialect) {
  return is_folder_taken({{"meta/_journal.json", journal_of(dialect, "")}});
}

// A file of many statements (';' between), or of one.
bool is_long_text_taken(char filling, std::size_t size) {
  std::string sql = "select 1";
  if (filling == 's') {
    while (sql.size() < size) sql += ";\nselect 'a text that is not short'";
  } else {
    sql.append(size, filling);
  }
  return is_text_taken(sql);
}

bool is_dump_taken() {
  Problems problems;
  const std::string dump = "\\restrict a\nSET standard_conforming_strings = on;\n\\unrestrict a\n";
  const MigrationSet set = read_sql({{"1_a.sql", dump}}, Dialect::postgresql, problems);
  return problems.empty() && lint_all(set, Span::run).empty();
}

bool are_other_line_ends_taken() {
  const MigrationSet set{
      .layout = Layout::sql,
      .dialect = Dialect::sqlite,
      .migrations = {{.name = "a", .file = "", .sql = "a\n", .hash = Digest::of("a\n")}}};
  const AppliedRow row{.hash = Digest::of("a\r\n").hex(), .created_at = 0, .name = "a"};
  return compare(set, {Shape::with_name, {row}}).drifted.empty();
}

}  // namespace

TEST_CASE("docs/databases.md: what a folder may hold") {
  const std::string one = R"({"tag":"a","when":2},{"tag":"b","when":1})";
  const std::map<std::string, std::function<bool()>> rows = {
      {"the dialects",
       [] {
         const auto words = {"postgresql", "postgres", "pg", "sqlite", "turso", "libsql"};
         return std::all_of(words.begin(), words.end(), is_dialect_taken);
       }},
      {"another dialect", [] { return is_dialect_taken("mysql"); }},
      {"any tag",
       [] {
         return is_folder_taken(
             {{"meta/_journal.json", journal_of("pg", R"({"tag":"0003_add users","when":1})")},
              {"0003_add users.sql", ""}});
       }},
      {"two migrations of 1.x",
       [] {
         return is_folder_taken({{"20261122213201_a/migration.sql", ""},
                                 {"20261122213201_b/migration.sql", ""},
                                 {"20261122213201_b/snapshot.json", R"({"dialect":"postgres"})"}});
       }},
      {"a journal whose times",
       [&] {
         return is_folder_taken(
             {{"meta/_journal.json", journal_of("pg", one)}, {"a.sql", ""}, {"b.sql", ""}});
       }},
      {"a file that the journal",
       [] {
         return is_folder_taken({{"meta/_journal.json", journal_of("pg", "")}, {"a.sql", ""}});
       }},
      {"a journal that names",
       [] {
         return is_folder_taken(
             {{"meta/_journal.json", journal_of("pg", R"({"tag":"a","when":2})")}});
       }},
      {"a file of `drizzle-kit pull`",
       [] { return is_text_taken("/* CREATE TABLE a (b int);\n--> statement-breakpoint\n*/"); }},
      {"a dump of", is_dump_taken},
      {"a file of any size", [] { return is_long_text_taken('s', kMaxStatementBytes / 2); }},
      {"a statement of more than 64 MiB",
       [] {
         CHECK(kMaxStatementBytes == 64U << 20);
         return is_long_text_taken(' ', 3 * kMaxStatementBytes);
       }},
      {"text that is not UTF-8", [] { return is_text_taken("select '\xff'"); }},
      {"text that begins with a byte order mark",
       [] {
         CHECK(is_text_taken("\xEF\xBB\xBFselect 1", "sqlite"));
         return is_text_taken("\xEF\xBB\xBFselect 1");
       }},
      {"other line ends", are_other_line_ends_taken}};
  const auto table = table_of("of a folder");
  CHECK(table.size() == rows.size());
  for (const std::vector<std::string>& row : table) {
    CAPTURE(row.at(0));
    const auto known = std::find_if(
        rows.begin(), rows.end(), [&](const auto& each) { return row[0].starts_with(each.first); });
    REQUIRE(known != rows.end());
    CHECK(known->second() == row.at(1).starts_with("takes"));
  }
}

TEST_CASE("docs/databases.md: what a statement may do") {
  std::set<std::string> named = {"journal-order"};  // of the folder
  for (const std::vector<std::string>& row : table_of("in a migration")) {
    CAPTURE(row.at(0));
    const std::string sql = row[0].substr(1, row[0].size() - 2);
    const std::string& verdict = row.at(2);
    for (const Dialect dialect : {Dialect::postgresql, Dialect::sqlite}) {
      if (row.at(1) == (dialect == Dialect::sqlite ? "PostgreSQL" : "SQLite")) continue;
      const MigrationSet set{
          .layout = Layout::drizzle_0,
          .dialect = dialect,
          .migrations = {{.name = "a", .file = "a", .sql = sql, .hash = Digest::of(sql)}}};
      std::string found = "takes it";
      for (const Finding& each : lint_all(set, Span::run)) {
        const bool is_fatal = each.weight == Finding::Weight::fatal;
        found = format("{} `{}`", is_fatal ? "refuses" : "finds", each.rule);
        named.insert(each.rule);
      }
      CHECK(found == verdict);
    }
  }
  for (const Rule& rule : rules()) {
    CAPTURE(rule.id);
    CHECK(named.contains(std::string(rule.id)));
  }
}

}  // namespace sealift::migrations::document_test
