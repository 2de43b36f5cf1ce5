// SPDX-License-Identifier: Apache-2.0
#include "migrations/sql.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::migrations::sql_test {

namespace {

using tests::error_of;
using tests::messages;

std::vector<std::string> texts(std::string_view sql, Dialect dialect = Dialect::postgresql) {
  std::vector<std::string> found;
  for (const Statement& statement : parse_sql(sql, dialect)) found.emplace_back(statement.text);
  return found;
}

using Texts = std::vector<std::string>;

std::string refusal(std::string_view sql, Dialect dialect = Dialect::postgresql) {
  return messages(error_of([&] { parse_sql(sql, dialect); }));
}

}  // namespace

TEST_CASE("sql: statements end at semicolons, not at those within something") {
  CHECK(texts("").empty());
  CHECK(texts(" ; -- nothing\n;/* at all */;").empty());
  CHECK(texts("a; b") == Texts{"a", "b"});
  CHECK(texts("a ';' b; c") == Texts{"a ';' b", "c"});
  CHECK(texts("a \";\" b; c") == Texts{"a \";\" b", "c"});
  CHECK(texts("a -- ; x\n b; c") == Texts{"a -- ; x\n b", "c"});
  CHECK(texts("a /* ; /* ; */ ; */ b; c") == Texts{"a /* ; /* ; */ ; */ b", "c"});
  CHECK(texts("do $$ a; b $$; c") == Texts{"do $$ a; b $$", "c"});
  CHECK(texts("do $x$ a; $$ ; $y$ b $x$; c") == Texts{"do $x$ a; $$ ; $y$ b $x$", "c"});
  CHECK(texts("create rule r as on insert to t do (a; b); c") ==
        Texts{"create rule r as on insert to t do (a; b)", "c"});
}

TEST_CASE("sql: the body of a function of the SQL standard is one statement") {
  const std::string function =
      "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; "
      "SELECT 2; END";
  CHECK(texts(function + "; c") == Texts{function, "c"});
  CHECK(texts("begin; a; end; b") == Texts{"begin", "a", "end", "b"});
}

TEST_CASE("sql: the body of a trigger of SQLite is one statement") {
  const std::string trigger =
      "CREATE TRIGGER t AFTER INSERT ON x BEGIN UPDATE y SET a = 1; DELETE FROM z; END";
  CHECK(texts(trigger + "; c", Dialect::sqlite) == Texts{trigger, "c"});
}

TEST_CASE("sql: strings end where PostgreSQL ends them") {
  CHECK(texts("'a''b;'; c") == Texts{"'a''b;'", "c"});
  CHECK(texts(R"('a\'; c)") == Texts{R"('a\')", "c"});
  CHECK(texts(R"(E'a\';'; c)") == Texts{R"(E'a\';')", "c"});
  CHECK(texts(R"(e'a\\'; c)") == Texts{R"(e'a\\')", "c"});
  CHECK(texts(R"(type'a\'; c)") == Texts{R"(type'a\')", "c"});
  CHECK(texts(R"(U&'a\'; c)") == Texts{R"(U&'a\')", "c"});
  CHECK(texts("x'1f'; B'01'; N'a'; U&\"a;\"") == Texts{"x'1f'", "B'01'", "N'a'", "U&\"a;\""});
  // A string that goes on in the next line keeps its form.
  CHECK(texts("E'a'\n'b\\';'; c") == Texts{"E'a'\n'b\\';'", "c"});
  CHECK(texts("E'a' -- why\n -- not\n 'b\\';'; c") == Texts{"E'a' -- why\n -- not\n 'b\\';'", "c"});
  CHECK(texts("E'a' 'b\\'; c") == Texts{"E'a' 'b\\'", "c"});
}

TEST_CASE("sql: a carriage return ends a comment of PostgreSQL, not of SQLite") {
  CHECK(texts("-- a\r b; c") == Texts{"b", "c"});
  CHECK(texts("-- a\r b; c", Dialect::sqlite).empty());
}

TEST_CASE("sql: SQLite's names and comments") {
  CHECK(parse_sql("\xEF\xBB\xBF"
                  "create table t (a)",
                  Dialect::sqlite)
            .at(0)
            .begins({"create"}));
  CHECK(texts("a [;] `;` \";\"; b", Dialect::sqlite) == Texts{"a [;] `;` \";\"", "b"});
  CHECK(texts("/* /* */ a; b", Dialect::sqlite) == Texts{"a", "b"});
  CHECK(texts("$$a; b$$", Dialect::sqlite) == Texts{"$$a", "b$$"});
  CHECK(texts("0x1F; x'00'", Dialect::sqlite) == Texts{"0x1F", "x'00'"});
}

TEST_CASE("sql: the rows behind COPY FROM STDIN are no SQL") {
  CHECK(texts("copy t (a) from stdin;\nit's\t;\n\\.\nselect 2;") ==
        Texts{"copy t (a) from stdin", "select 2"});
  CHECK(texts("copy t from stdin;\nit's") == Texts{"copy t from stdin"});
  CHECK(parse_sql("copy t from stdin;\na\n\\.\nb", Dialect::postgresql).at(1).line == 4);
}

TEST_CASE("sql: what has no end is refused with its line") {
  CHECK(refusal("a;\n'b") == "line 2: found a string without its end\n");
  CHECK(refusal("\n\n\"b") == "line 3: found a quoted name without its end\n");
  CHECK(refusal("/* a /* b */") == "line 1: found a comment without its end\n");
  CHECK(refusal("$a$ b $b$") == "line 1: found a string without its end $a$\n");
  CHECK(refusal("E'a\\'") == "line 1: found a string without its end\n");
  CHECK(refusal("[a", Dialect::sqlite) == "line 1: found a quoted name without its end\n");
  CHECK(refusal(std::string_view("a\n\0b", 4)) == "line 2: found a zero byte\n");
}

TEST_CASE("sql: a number does not run into a word") {
  // 1E'...' is the number 1 and a string with escapes, or an error, by the release.
  CHECK(refusal(R"(select 1E'a\'' \! id ')") == "line 1: found a number that runs into a word\n");
  CHECK(refusal("select 0x1f") == "line 1: found a number that runs into a word\n");
  CHECK(refusal("select $1a") == "line 1: found a number that runs into a word\n");
  CHECK(texts("select 1.5e-3, .5, 2., $1, 1..2, a1") ==
        Texts{"select 1.5e-3, .5, 2., $1, 1..2, a1"});
}

TEST_CASE("sql: tokens know their line, their brackets and their meaning") {
  const std::vector<Statement> statements =
      parse_sql("select\n \"A\"\"b\", Name, 'it''s', a[1:b]", Dialect::postgresql);
  REQUIRE(statements.size() == 1);
  const std::vector<Token>& tokens = statements[0].tokens;
  CHECK(statements[0].line == 1);
  CHECK(tokens[1].line == 2);
  CHECK(tokens[1].value() == "A\"b");
  CHECK(tokens[3].value() == "name");
  CHECK(tokens[5].value() == "it's");
  CHECK(tokens[8].is('['));
  CHECK(tokens[8].depth == 0);
  CHECK(tokens[10].is(':'));
  CHECK(tokens[10].depth == 1);
  CHECK(tokens[12].depth == 0);
}

TEST_CASE("sql: words are found in any case, outside of quotes") {
  const Statement statement =
      parse_sql("Create INDEX \"unique\" ON t ('where')", Dialect::postgresql).at(0);
  CHECK(statement.begins({"create", "index"}));
  CHECK_FALSE(statement.begins({"index"}));
  CHECK(statement.has("on"));
  CHECK_FALSE(statement.has("unique"));
  CHECK_FALSE(statement.has("where"));
  CHECK(statement.has({"on", "t"}));
  CHECK_FALSE(statement.has({"index", "on"}));
}

}  // namespace sealift::migrations::sql_test
