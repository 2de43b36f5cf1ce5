// SPDX-License-Identifier: Apache-2.0
#include "migrations/pieces.hpp"

#include <catch2/catch.hpp>

#include "migrations/migration_set.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::migrations::pieces_test {

namespace {

using Catch::Matchers::Contains;
using tests::error_of;
using tests::messages;

// Statements with their lines, of the parts between marks.
using Found = std::vector<std::pair<std::string, std::size_t>>;

Found in_pieces(const std::string& sql, Dialect dialect, Marks marks, std::size_t size) {
  Pieces pieces(SqlText(sql).open(), dialect, marks, size);
  Found found;
  Chunk chunk{};
  while (pieces.next(chunk)) {
    each_statement(chunk.text, dialect, [&](const Statement& statement) {
      found.emplace_back(statement.text, chunk.line + statement.line - 1);
    });
  }
  return found;
}

// Every statement that a cut could break, each in a line of its own or over several.
const std::string kPostgresql =
    "INSERT INTO t VALUES (1, 'a;b'), (2, 'it''s; '), (3, E'\\';');\n"
    "INSERT INTO t VALUES ('one'\n  -- ; no end\n  'two;');\n"
    "-- a comment; with a semicolon\n"
    "/* one /* within; */ another; */ SELECT \"a;b\", U&\"\\00e9;\", $1;\n"
    "CREATE FUNCTION f() RETURNS int AS $body$ SELECT 1; $body; $$ ; $body$ LANGUAGE sql;\n"
    "CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;\n"
    "COPY t FROM STDIN;\n1\tit's\n\\.x\n;\n\\.\n"
    "INSERT INTO t VALUES ('\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80;');;;\n"
    "SELECT a[1:2], (SELECT 1; 2)\n;\nSELECT 'the last has no semicolon'";

const std::string kSqlite =
    "\xEF\xBB\xBFINSERT INTO t VALUES (X'00', 'a;b', `c;d`, [e;f], \"g;h\");\n"
    "CREATE TRIGGER x AFTER INSERT ON t BEGIN UPDATE t SET a = CASE 1 WHEN 1 THEN 2 END; SELECT 1; "
    "END;\n/* ; */ INSERT INTO t VALUES ('\xF0\x9F\x98\x80'); -- ;\nSELECT 1e3, 0xff;";

}  // namespace

TEST_CASE("pieces: statements and lines are those of the whole text, wherever it is cut",
          "[migrations]") {
  for (const auto& [dialect, sql] :
       {std::pair(Dialect::postgresql, kPostgresql), std::pair(Dialect::sqlite, kSqlite)}) {
    const Found whole = in_pieces(sql, dialect, Marks::none, sql.size() + 1);
    CHECK(whole.size() == (dialect == Dialect::sqlite ? 4 : 9));
    for (std::size_t size = 1; size <= sql.size(); ++size) {
      CAPTURE(size);
      CHECK(in_pieces(sql, dialect, Marks::none, size) == whole);
    }
  }
}

TEST_CASE("pieces: marks part a text wherever they stand", "[migrations]") {
  const std::string drizzle =
      "SELECT 1; SELECT 2;--> statement-breakpoint\nSELECT 3--> statement-breakpoint\n"
      "--> statement-breakpoint\nCOPY t FROM STDIN;\n1\n--> statement-breakpoint\nSELECT 4;";
  const std::string dump =
      "\\restrict a;b\nSELECT 1;\nSELECT 2\n\\unrestrict c\nSELECT 3;\n\\restrict d";
  for (const auto& [marks, sql] :
       {std::pair(Marks::breakpoints, drizzle), std::pair(Marks::psql_lines, dump)}) {
    const Found whole = in_pieces(sql, Dialect::postgresql, marks, sql.size() + 1);
    CHECK(whole.size() == (marks == Marks::breakpoints ? 5 : 3));
    CHECK(whole.back() == (marks == Marks::breakpoints ? std::pair(std::string("SELECT 4"), 7UL)
                                                       : std::pair(std::string("SELECT 3"), 5UL)));
    for (std::size_t size = 1; size <= sql.size(); ++size) {
      CAPTURE(size);
      CHECK(in_pieces(sql, Dialect::postgresql, marks, size) == whole);
    }
  }
}

TEST_CASE("pieces: a piece is whole statements, and no more than it must be", "[migrations]") {
  std::string sql;
  for (int i = 0; i < 100; ++i) sql += "INSERT INTO t VALUES ('0123456789');\n";
  Pieces pieces(SqlText(sql).open(), Dialect::postgresql, Marks::none, 100);
  Chunk chunk{};
  std::string all;
  while (pieces.next(chunk)) {
    CHECK(chunk.text.size() < 150);
    all += chunk.text;
  }
  CHECK(all == sql);
}

TEST_CASE("pieces: what has no end is told with its line, however long the text before it is",
          "[migrations]") {
  std::string sql;
  for (int i = 0; i < 10; ++i) sql += "SELECT 1;\n";
  const auto refusal = [&](const std::string& last) {
    return messages(error_of([&] { in_pieces(sql + last, Dialect::postgresql, Marks::none, 16); }));
  };
  CHECK_THAT(refusal("SELECT 'a"), Contains("found a string without its end"));
  CHECK_THAT(refusal("/* a"), Contains("found a comment without its end"));
  CHECK_THAT(refusal(std::string("SELECT 1 \0;", 11)), Contains("found a zero byte"));
}

TEST_CASE("pieces: a statement that no piece may be as long as is refused", "[migrations]") {
  const std::string sql = "SELECT 1;\nSELECT '" + std::string(2 * kMaxStatementBytes, 'a') + "';";
  CHECK_THAT(messages(error_of([&] { in_pieces(sql, Dialect::sqlite, Marks::none, kPieceBytes); })),
             Contains("line 1: found a statement of more than 67108864 bytes"));
}

TEST_CASE("text: a long one is read again, and other bytes than before are refused",
          "[migrations]") {
  std::string now = "SELECT 1;";
  const SqlText text(SqlText::Origin{
      .digest = Digest::of(now),
      .size = now.size(),
      .open = [&]() -> std::unique_ptr<Source> { return std::make_unique<StringSource>(now); },
      .changed = Error(Errc::io, "a.sql: changed while it was read")});
  const auto refusal = [&] { return messages(error_of([&] { text.whole(); })); };
  CHECK(text.whole() == now);
  CHECK(text.beginning(6) == "SELECT");
  now = "SELECT 2;";
  CHECK_THAT(refusal(), Contains("a.sql: changed while it was read"));
  now = "SELECT 1;;";
  CHECK_THAT(refusal(), Contains("a.sql: changed while it was read"));
  now = "SELECT 1";
  CHECK_THAT(refusal(), Contains("a.sql: changed while it was read"));
  now = "SELECT 1;";
  CHECK(text.whole() == now);
}

}  // namespace sealift::migrations::pieces_test
