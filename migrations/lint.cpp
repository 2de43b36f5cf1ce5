// SPDX-License-Identifier: Apache-2.0
#include "migrations/lint.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::migrations {

namespace {

using Kind = Token::Kind;

constexpr std::string_view kBackslash = "backslash";
constexpr std::string_view kVariable = "variable";
constexpr std::string_view kStringForm = "string-form";
constexpr std::string_view kCopyFromStdin = "copy-from-stdin";
constexpr std::string_view kPragma = "pragma";
constexpr std::string_view kPragmaNoEffect = "pragma-without-effect";
constexpr std::string_view kOutside = "outside-transaction";
constexpr std::string_view kLibsql = "libsql";
constexpr std::string_view kLoadExtension = "load-extension";
constexpr std::string_view kTransactionControl = "transaction-control";
constexpr std::string_view kJournalOrder = "journal-order";
constexpr std::string_view kDropTable = "drop-table";
constexpr std::string_view kDropColumn = "drop-column";
constexpr std::string_view kTruncate = "truncate";
constexpr std::string_view kRename = "rename";
constexpr std::string_view kTypeChange = "type-change";
constexpr std::string_view kNotNull = "not-null";
constexpr std::string_view kNewNotNull = "new-not-null-column";
constexpr std::string_view kIndex = "index-locks-table";
constexpr std::string_view kConstraint = "constraint-scans-table";
constexpr std::string_view kUnbounded = "unbounded-write";
constexpr std::string_view kNewEnumValue = "new-enum-value-used";

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

// A walk over the tokens of a statement.
class Cursor {
 public:
  explicit Cursor(const Statement& statement) : tokens_(statement.tokens) {}

  bool take(std::string_view word) {
    if (at_ >= tokens_.size() || !tokens_[at_].is(word)) return false;
    ++at_;
    return true;
  }
  bool take_all(std::initializer_list<std::string_view> words) {
    const std::size_t begin = at_;
    for (const std::string_view word : words) {
      if (take(word)) continue;
      at_ = begin;
      return false;
    }
    return true;
  }
  // schema.table, without its schema; empty where none follows.
  std::string take_name() {
    std::string name;
    while (at_ < tokens_.size() && (is_name(tokens_[at_]))) {
      name = tokens_[at_++].value();
      if (at_ >= tokens_.size() || !tokens_[at_].is('.')) return name;
      ++at_;
    }
    return name;
  }
  // Goes behind the next token that is this word; false where there is none.
  bool seek(std::string_view word) {
    while (at_ < tokens_.size()) {
      if (tokens_[at_++].is(word)) return true;
    }
    return false;
  }

 private:
  static bool is_name(const Token& token) {
    return token.kind == Kind::word || token.kind == Kind::name;
  }

  const std::vector<Token>& tokens_;
  std::size_t at_ = 0;
};

// The actions of ALTER TABLE, split at the commas that stand in no parentheses.
std::vector<Statement> actions_of(const Statement& statement) {
  std::vector<Statement> actions(1);
  std::size_t depth = 0;
  for (const Token& token : statement.tokens) {
    if (token.is('(')) ++depth;
    if (token.is(')') && depth > 0) --depth;
    if (token.is(',') && depth == 0) {
      actions.emplace_back();
      continue;
    }
    actions.back().tokens.push_back(token);
  }
  return actions;
}

class Linter {
 public:
  // What a migration finds of what those before it did.
  enum class Tables { known_to_be_new, full };
  enum class NewValues { pending, committed };

  Linter(Dialect dialect, std::vector<Finding>& findings)
      : dialect_(dialect), findings_(findings) {}

  void begin(const Migration& migration, Tables tables, NewValues values) {
    migration_ = &migration;
    if (tables == Tables::full) new_tables_.clear();
    if (values == NewValues::committed) new_values_.clear();
  }

  void look(const Statement& statement, std::size_t line_offset) {
    offset_ = line_offset;
    check_runner(statement);
    check_reach(statement);
    if (standing_of(statement, dialect_) == Standing::boundary) {
      fatal(statement.line, kTransactionControl, "begins or ends a transaction by itself",
            "each run is one transaction; statements that cannot run in one are run outside by "
            "themselves");
    }
    look_at_tables(statement);
    look_at_indexes(statement);
    look_at_writes(statement);
    look_at_enums(statement);
  }

 private:
  void add(Finding::Weight weight, std::size_t line, std::string_view rule, std::string found,
           std::string hint) {
    findings_.push_back({.weight = weight,
                         .rule = std::string(rule),
                         .migration = migration_->name,
                         .file = migration_->file,
                         .line = offset_ + line,
                         .found = std::move(found),
                         .hint = std::move(hint)});
  }
  void fatal(std::size_t line, std::string_view rule, std::string found, std::string hint) {
    add(Finding::Weight::fatal, line, rule, std::move(found), std::move(hint));
  }
  void warn(std::size_t line, std::string_view rule, std::string found, std::string hint) {
    add(Finding::Weight::warning, line, rule, std::move(found), std::move(hint));
  }

  // What a client program would take for its own: a backslash runs psql's commands, a colon before
  // a name its variables (but within [ ], where PostgreSQL itself has it), COPY reads on from the
  // script, and another reading of strings would move the borders of all that follows.
  void check_runner(const Statement& statement) {
    const std::vector<Token>& tokens = statement.tokens;
    const bool sets_by_function = statement.has("set_config");
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const Token& token = tokens[i];
      if (token.is('\\')) {
        fatal(token.line, kBackslash, "found a backslash outside of a string",
              "psql would run a command of its own");
      }
      if (token.is(':') && token.depth == 0 && is_variable(tokens, i)) {
        fatal(token.line, kVariable,
              format("found {}, which psql replaces by a variable",
                     printable(variable_text(tokens, i), 80)),
              "write what is meant");
      }
      const bool is_setting = token.kind == Kind::text && sets_by_function;
      const std::string word = is_setting ? lower(token.value()) : "";
      const bool is_standard = token.is("standard_conforming_strings");
      if (token.is("backslash_quote") || (is_standard && !keeps_strings(statement)) ||
          word == "standard_conforming_strings" || word == "backslash_quote") {
        fatal(token.line, kStringForm, "changes how strings are read", "use E'...' instead");
      }
    }
    if (statement.reads_rows()) {
      fatal(statement.line, kCopyFromStdin, "reads rows from the client, which has none",
            "write INSERT statements (pg_dump --inserts)");
    }
  }

  // What would leave the database's own tables; an installer refuses it as well, when it runs.
  void check_reach(const Statement& statement) {
    if (dialect_ != Dialect::sqlite) return;
    const std::string pragma = changed_pragma(statement);
    if (is_forbidden_pragma(pragma)) {
      fatal(
          statement.line, kPragma,
          format("sets PRAGMA {}, which no migration may: it is the application's, or damages the "
                 "schema",
                 pragma),
          "let the application set it when it opens the database, and change the schema by "
          "CREATE, ALTER and DROP");
    } else if (is_one_of(pragma, kPragmasWithoutEffect)) {
      warn(statement.line, kPragmaNoEffect,
           format("sets PRAGMA {}, which does nothing: it ends with the connection, or comes too "
                  "late",
                  pragma),
           "let the application set it when it opens the database");
    } else if (pragma.empty() && standing_of(statement, dialect_) == Standing::outside &&
               !statement.begins({"pragma"})) {
      fatal(statement.line, kOutside,
            format("{} cannot be part of a transaction, and with SQLite a run is one",
                   printable(statement.text.substr(0, 60), 60)),
            "let it be run by hand, or write it in a form that a transaction takes");
    }
    look_at_libsql(statement);
    if (statement.has({"load_extension"})) {
      fatal(statement.line, kLoadExtension, "loads code into the program that migrates",
            "write it in SQL");
    }
  }

  // SQLite itself is what migrates, also where the application uses Turso's.
  void look_at_libsql(const Statement& statement) {
    const std::vector<Token>& tokens = statement.tokens;
    const auto refuse = [&](std::size_t line, std::string_view what) {
      fatal(line, kLibsql, format("found {}, which only libSQL (Turso) has", what),
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

  static bool touches(const Token& a, const Token& b) {
    return a.text.data() + a.text.size() == b.text.data();
  }
  // A single colon that touches what follows: a name, a string, or {?.
  static bool is_variable(const std::vector<Token>& tokens, std::size_t i) {
    if (i > 0 && tokens[i - 1].is(':') && touches(tokens[i - 1], tokens[i])) return false;
    if (i + 1 >= tokens.size() || !touches(tokens[i], tokens[i + 1])) return false;
    const Token& next = tokens[i + 1];
    return !next.is(':') && !next.is('=') && (next.kind != Kind::mark || next.is('{'));
  }
  static std::string variable_text(const std::vector<Token>& tokens, std::size_t i) {
    return ":" + std::string(tokens[i + 1].text);
  }

  bool is_new(const std::string& table) const { return new_tables_.contains(table); }

  void look_at_tables(const Statement& statement) {
    Cursor at(statement);
    if (at.take("create")) {
      at.take("global") || at.take("local");
      at.take("temp") || at.take("temporary") || at.take("unlogged");
      if (!at.take("table")) return;
      at.take_all({"if", "not", "exists"});
      new_tables_.insert(at.take_name());
      return;
    }
    if (at.take_all({"drop", "table"})) {
      at.take_all({"if", "exists"});
      const std::string table = at.take_name();
      if (is_new(table)) return;
      warn(statement.line, kDropTable, format("drops the table {}", printable(table, 80)),
           "its rows are gone; a backup is the only way back");
      return;
    }
    if (at.take("truncate")) {
      at.take("table");
      at.take("only");
      const std::string table = at.take_name();
      if (is_new(table)) return;
      warn(statement.line, kTruncate, format("empties the table {}", printable(table, 80)),
           "its rows are gone; a backup is the only way back");
      return;
    }
    if (at.take_all({"alter", "table"})) look_at_alter(statement, at);
  }

  void look_at_alter(const Statement& statement, Cursor at) {
    at.take_all({"if", "exists"});
    at.take("only");
    const std::string table = at.take_name();
    if (is_new(table)) return;
    const std::string shown = printable(table, 80);
    for (const Statement& action : actions_of(statement)) {
      const std::size_t line = action.tokens.empty() ? statement.line : action.tokens.front().line;
      if (action.has("rename")) {
        warn(line, kRename, format("renames in {}", shown),
             "code that runs during the release knows the old name only");
      }
      look_at_columns(action, shown, line);
      look_at_constraints(action, shown, line);
    }
  }

  void look_at_columns(const Statement& action, const std::string& table, std::size_t line) {
    Cursor drop(action);
    if (drop.seek("drop") && !drop.take("constraint") && !action.has({"alter", "column"})) {
      warn(line, kDropColumn, format("drops a column of {}", table),
           "its values are gone, and code that runs during the release still reads it");
    }
    Cursor type(action);
    if (type.seek("alter") && type.seek("type") && !action.has({"alter", "type"})) {
      warn(line, kTypeChange, format("changes the type of a column of {}", table),
           "most such changes rewrite the whole table while nobody can read it");
    }
    if (action.has({"set", "not", "null"})) {
      warn(line, kNotNull, format("lets no column of {} be empty that might be", table),
           "it reads the whole table under a lock; first add a CHECK (... IS NOT NULL) NOT VALID "
           "and validate it");
    }
    Cursor add(action);
    if (add.seek("add") && !add.take("constraint") && action.has({"not", "null"}) &&
        !action.has("default") && !action.has("generated") && !is_constraint(action)) {
      warn(line, kNewNotNull,
           format("adds a column to {} that must not be empty, without a default", table),
           "it fails where the table has rows; give it a default");
    }
  }

  static bool is_constraint(const Statement& action) {
    return action.has({"primary", "key"}) || action.has({"foreign", "key"}) ||
           action.has({"add", "unique"}) || action.has({"add", "check"});
  }

  void look_at_constraints(const Statement& action, const std::string& table, std::size_t line) {
    if (dialect_ == Dialect::sqlite || !action.has("add")) return;
    const bool scans =
        action.has({"foreign", "key"}) || action.has("references") || action.has("check");
    const bool builds = action.has("unique") || action.has({"primary", "key"});
    if (scans && !action.has({"not", "valid"})) {
      warn(line, kConstraint, format("adds a constraint to {} and checks every row", table),
           "add it NOT VALID, and VALIDATE CONSTRAINT in a later migration");
    } else if (builds && !action.has({"using", "index"})) {
      warn(line, kConstraint, format("adds a unique constraint to {} and builds its index", table),
           "build the index CONCURRENTLY first, then add the constraint USING INDEX");
    }
  }

  void look_at_indexes(const Statement& statement) {
    if (dialect_ == Dialect::sqlite) return;
    Cursor at(statement);
    if (!at.take("create")) return;
    at.take("unique");
    if (!at.take("index") || at.take("concurrently") || !at.seek("on")) return;
    at.take("only");
    const std::string table = at.take_name();
    if (is_new(table)) return;
    warn(statement.line, kIndex,
         format("builds an index on {} while nobody can write to it", printable(table, 80)),
         "write CREATE INDEX CONCURRENTLY; it is run outside of the transaction");
  }

  void look_at_writes(const Statement& statement) {
    const bool updates = statement.begins({"update"});
    if (!updates && !statement.begins({"delete"})) return;
    if (statement.has("where")) return;
    Cursor at(statement);
    at.take("update") || at.take_all({"delete", "from"});
    at.take("only");
    const std::string table = at.take_name();
    if (is_new(table)) return;
    warn(statement.line, kUnbounded,
         format("{} every row of {}", updates ? "changes" : "deletes", printable(table, 80)),
         "say which rows; many are better changed in portions");
  }

  // PostgreSQL lets nobody use a value of an enumeration in the transaction that added it.
  void look_at_enums(const Statement& statement) {
    if (dialect_ == Dialect::sqlite) return;
    if (statement.begins({"alter", "type"}) && statement.has({"add", "value"})) {
      Cursor at(statement);
      for (const Token& token : statement.tokens) {
        if (token.kind != Kind::text) continue;
        new_values_.insert(token.value());
        return;
      }
    }
    if (statement.begins({"create", "type"})) return;
    for (const Token& token : statement.tokens) {
      if (token.kind != Kind::text || !new_values_.contains(token.value())) continue;
      warn(token.line, kNewEnumValue,
           format("uses {}, which the same run adds to an enumeration",
                  printable(std::string(token.text), 80)),
           "PostgreSQL refuses that within one transaction: let the release say transactions: "
           "file, with the value and its use in files of their own");
      new_values_.erase(token.value());  // its first use says it
      return;
    }
  }

  Dialect dialect_;
  std::vector<Finding>& findings_;
  const Migration* migration_ = nullptr;
  std::size_t offset_ = 0;
  std::set<std::string> new_tables_;
  std::set<std::string> new_values_;
};

Linter::NewValues values_after(Span span) {
  return span == Span::file ? Linter::NewValues::committed : Linter::NewValues::pending;
}

void look_at_all(const MigrationSet& set, const Migration& migration, Linter& linter) {
  for (const Chunk& chunk : set.chunks(migration)) {
    each_statement(chunk.text, set.dialect,
                   [&](const Statement& statement) { linter.look(statement, chunk.line - 1); });
  }
}

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

const std::vector<Rule>& rules() {
  constexpr auto fatal = Finding::Weight::fatal;
  constexpr auto warning = Finding::Weight::warning;
  static const std::vector<Rule> all = {
      {kBackslash, fatal, "psql would run a command of its own"},
      {kVariable, fatal, "psql would put in another text"},
      {kStringForm, fatal, "statements would end elsewhere"},
      {kCopyFromStdin, fatal, "there is no client to read from"},
      {kPragma, fatal, "the schema may be damaged, or SQLite refuses it in a transaction"},
      {kOutside, fatal, "a run of SQLite is one transaction"},
      {kLibsql, fatal, "only libSQL has it"},
      {kLoadExtension, fatal, "code would run in the installer"},
      {kTransactionControl, fatal, "a failure could not take the run back"},
      {kJournalOrder, fatal, "databases would not all get it"},
      {kDropTable, warning, "rows are lost"},
      {kDropColumn, warning, "values are lost"},
      {kTruncate, warning, "rows are lost"},
      {kRename, warning, "running code knows the old name"},
      {kTypeChange, warning, "the table is rewritten under a lock"},
      {kNotNull, warning, "the table is read under a lock"},
      {kNewNotNull, warning, "it fails where there are rows"},
      {kIndex, warning, "nobody can write while it is built"},
      {kConstraint, warning, "the table is read, or an index built, under a lock"},
      {kUnbounded, warning, "every row is written"},
      {kNewEnumValue, warning, "it fails within one transaction"},
      {kPragmaNoEffect, warning, "it does nothing"},
  };
  return all;
}

bool is_forbidden_pragma(std::string_view name) {
  return is_one_of(lower(name), kForbiddenPragmas);
}

Span span_named(std::string_view word) {
  return word == "file" ? Span::file : Span::run;
}

std::vector<Finding> lint(const MigrationSet& set, const std::vector<const Migration*>& pending,
                          Span span) {
  std::vector<Finding> findings;
  Linter linter(set.dialect, findings);
  for (const Migration* migration : pending) {
    if (migration->is_baseline()) continue;
    linter.begin(*migration, Linter::Tables::known_to_be_new, values_after(span));
    look_at_all(set, *migration, linter);
  }
  return findings;
}

std::vector<Finding> lint_all(const MigrationSet& set, Span span) {
  std::vector<Finding> findings;
  Linter linter(set.dialect, findings);
  for (const Migration& migration : set.migrations) {
    if (migration.is_baseline()) continue;
    linter.begin(migration, Linter::Tables::full, values_after(span));
    look_at_all(set, migration, linter);
  }
  return findings;
}

std::vector<Finding> lint_order(const MigrationSet& set) {
  std::vector<Finding> findings;
  if (set.layout != Layout::drizzle_0) return findings;
  const Migration* newest = nullptr;
  for (const Migration& each : set.migrations) {
    if (newest != nullptr && each.when <= newest->when) {
      findings.push_back(
          {.weight = Finding::Weight::fatal,
           .rule = std::string(kJournalOrder),
           .migration = each.name,
           .file = std::string(kJournal),
           .line = each.journal_line,
           .found = format("{} is dated {}, not after {} before it ({}): drizzle-orm never runs it "
                           "on a database that has that one",
                           each.name, each.when, newest->name, newest->when),
           .hint = "late: applied runs it also where later ones were applied"});
    } else {
      newest = &each;
    }
  }
  return findings;
}

}  // namespace sealift::migrations
