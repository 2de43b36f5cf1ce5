// SPDX-License-Identifier: Apache-2.0
#include "migrations/forbidden.hpp"

#include <algorithm>
#include <array>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::migrations {

namespace {

using Kind = Token::Kind;

constexpr std::array<std::string_view, 8> kForbiddenPragmas = {
    "writable_schema", "trusted_schema",       "schema_version",       "journal_mode",
    "synchronous",     "temp_store_directory", "data_store_directory", "query_only"};
// Those that say how one connection works, and those that a database with tables does not take.
constexpr std::array<std::string_view, 17> kPragmasWithoutEffect = {
    "auto_vacuum",     "busy_timeout",       "cache_size",    "cache_spill",     "encoding",
    "hard_heap_limit", "journal_size_limit", "locking_mode",  "max_page_count",  "mmap_size",
    "page_size",       "read_uncommitted",   "secure_delete", "soft_heap_limit", "temp_store",
    "threads",         "wal_autocheckpoint"};
// Functions of libSQL, the SQLite of Turso.
constexpr std::array<std::string_view, 9> kOfLibsql = {
    "libsql_vector_idx", "vector_top_k",        "vector",         "vector8",   "vector32",
    "vector64",          "vector_distance_cos", "vector_extract", "vector1bit"};

template <std::size_t kCount>
bool is_one_of(std::string_view name, const std::array<std::string_view, kCount>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The setting that PRAGMA changes, in small letters; empty where it only asks.
std::string changed_pragma(const Statement& statement) {
  const std::vector<Token>& tokens = statement.tokens;
  if (!statement.begins({"pragma"})) return "";
  const std::size_t name = tokens.size() > 2 && tokens[2].is('.') ? 3 : 1;
  if (name + 1 >= tokens.size()) return "";
  return tokens[name + 1].is('=') || tokens[name + 1].is('(') ? lower(tokens[name].value()) : "";
}

// SET standard_conforming_strings = on, as every dump begins: that is how they are read anyway.
bool keeps_strings(const Statement& statement) {
  constexpr std::array<std::string_view, 4> kOn = {"on", "true", "yes", "1"};
  return statement.begins({"set"}) && is_one_of(lower(statement.tokens.back().value()), kOn);
}

bool touches(const Token& a, const Token& b) {
  return a.text.data() + a.text.size() == b.text.data();
}
// A single colon that touches what follows: a name, a string, or {?.
bool is_variable(const std::vector<Token>& tokens, std::size_t i) {
  if (i > 0 && tokens[i - 1].is(':') && touches(tokens[i - 1], tokens[i])) return false;
  if (i + 1 >= tokens.size() || !touches(tokens[i], tokens[i + 1])) return false;
  const Token& next = tokens[i + 1];
  return !next.is(':') && !next.is('=') && (next.kind != Kind::mark || next.is('{'));
}
std::string variable_text(const std::vector<Token>& tokens, std::size_t i) {
  return ":" + std::string(tokens[i + 1].text);
}

// What a client program would take for its own: a backslash runs psql's commands, a colon before a
// name its variables (but within [ ], where PostgreSQL itself has it), COPY reads on from the
// script, and another reading of strings would move the borders of all that follows. Of both
// dialects: the text may go to another client some day, and means nothing good there.
void check_runner(const Statement& statement, Report& report) {
  const std::vector<Token>& tokens = statement.tokens;
  const bool sets_by_function = statement.has("set_config");
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.is('\\')) {
      report.fatal(token.line, kBackslash, "found a backslash outside of a string",
                   "psql would run a command of its own");
    }
    if (token.is(':') && token.depth == 0 && is_variable(tokens, i)) {
      report.fatal(token.line, kVariable,
                   format("found {}, which psql replaces by a variable",
                          printable(variable_text(tokens, i), 80)),
                   "write what is meant");
    }
    const bool is_setting = token.kind == Kind::text && sets_by_function;
    const std::string word = is_setting ? lower(token.value()) : "";
    const bool is_standard = token.is("standard_conforming_strings");
    if (token.is("backslash_quote") || (is_standard && !keeps_strings(statement)) ||
        word == "standard_conforming_strings" || word == "backslash_quote") {
      report.fatal(token.line, kStringForm, "changes how strings are read", "use E'...' instead");
    }
  }
  if (statement.reads_rows()) {
    report.fatal(statement.line, kCopyFromStdin, "reads rows from the client, which has none",
                 "write INSERT statements (pg_dump --inserts)");
  }
}

// SQLite itself is what migrates, also where the application uses Turso's.
void look_at_libsql(const Statement& statement, Report& report) {
  const std::vector<Token>& tokens = statement.tokens;
  const auto refuse = [&](std::size_t line, std::string_view what) {
    report.fatal(
        line, kLibsql, format("found {}, which only libSQL (Turso) has", what),
        "the installer migrates with SQLite: write it in the SQL of SQLite, or run it by hand");
  };
  if (statement.begins({"alter", "table"}) && statement.has({"alter", "column"})) {
    refuse(statement.line, "ALTER COLUMN");
  }
  if (statement.begins({"create", "table"}) && statement.has({"random", "rowid"})) {
    refuse(statement.line, "RANDOM ROWID");
  }
  // As the type of a column SQLite takes any name.
  if (statement.begins({"create", "table"}) || statement.begins({"alter", "table"})) return;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const std::string name = tokens[i].kind == Kind::word ? lower(tokens[i].text) : "";
    if (tokens[i + 1].is('(') && is_one_of(name, kOfLibsql)) {
      refuse(tokens[i].line, format("{}()", name));
    }
  }
}

// What would leave the database's own tables; an installer refuses it as well, when it runs. Of
// SQLite alone: its library runs in the installer's process.
void check_reach(const Statement& statement, Report& report) {
  const std::string pragma = changed_pragma(statement);
  if (is_forbidden_pragma(pragma)) {
    report.fatal(
        statement.line, kPragma,
        format("sets PRAGMA {}, which no migration may: it is the application's, or damages the "
               "schema",
               pragma),
        "let the application set it when it opens the database, and change the schema by "
        "CREATE, ALTER and DROP");
  } else if (is_one_of(pragma, kPragmasWithoutEffect)) {
    report.warn(
        statement.line, kPragmaNoEffect,
        format("sets PRAGMA {}, which does nothing: it ends with the connection, or comes too "
               "late",
               pragma),
        "let the application set it when it opens the database");
  } else if (pragma.empty() && standing_of(statement, Dialect::sqlite) == Standing::outside &&
             !statement.begins({"pragma"})) {
    report.fatal(statement.line, kOutside,
                 format("{} cannot be part of a transaction, and with SQLite a run is one",
                        printable(statement.text.substr(0, 60), 60)),
                 "let it be run by hand, or write it in a form that a transaction takes");
  }
  look_at_libsql(statement, report);
  if (statement.has({"load_extension"})) {
    report.fatal(statement.line, kLoadExtension, "loads code into the program that migrates",
                 "write it in SQL");
  }
}

// By "cannot be executed inside a transaction block" of PostgreSQL's own commands
// (PreventInTransactionBlock).
bool is_outside_postgresql(const Statement& statement) {
  const auto begins = [&](std::initializer_list<std::string_view> words) {
    return statement.begins(words);
  };
  if (begins({"vacuum"}) || begins({"alter", "system"})) return true;
  if (begins({"create", "database"}) || begins({"drop", "database"})) return true;
  if (begins({"create", "tablespace"}) || begins({"drop", "tablespace"})) return true;
  if (begins({"alter", "database"}) && statement.has({"set", "tablespace"})) return true;
  if (begins({"create", "subscription"}) || begins({"drop", "subscription"})) return true;
  const bool is_concurrent = statement.has("concurrently");
  if (begins({"reindex"})) {
    return is_concurrent || statement.has("database") || statement.has("schema") ||
           statement.has("system");
  }
  // REFRESH MATERIALIZED VIEW CONCURRENTLY may stand in a transaction.
  return is_concurrent &&
         (begins({"create"}) || begins({"drop", "index"}) || begins({"alter", "table"}));
}

}  // namespace

Standing standing_of(const Statement& statement, Dialect dialect) {
  const auto begins = [&](std::initializer_list<std::string_view> words) {
    return statement.begins(words);
  };
  if (begins({"begin"}) || begins({"start", "transaction"}) || begins({"commit"}) ||
      begins({"end"}) || begins({"abort"}) || begins({"prepare", "transaction"})) {
    return Standing::boundary;
  }
  // ROLLBACK TO a savepoint stays inside.
  if (begins({"rollback"}) && !statement.has("to")) return Standing::boundary;
  if (dialect == Dialect::sqlite) {
    const bool is_outside =
        begins({"vacuum"}) || begins({"attach"}) || begins({"detach"}) || begins({"pragma"});
    return is_outside ? Standing::outside : Standing::inside;
  }
  return is_outside_postgresql(statement) ? Standing::outside : Standing::inside;
}

bool is_forbidden_pragma(std::string_view name) {
  return is_one_of(lower(name), kForbiddenPragmas);
}

void find_forbidden(const Statement& statement, Dialect dialect, Report& report) {
  check_runner(statement, report);
  if (dialect == Dialect::sqlite) check_reach(statement, report);
}

}  // namespace sealift::migrations
