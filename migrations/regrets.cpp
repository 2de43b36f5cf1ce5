// SPDX-License-Identifier: Apache-2.0
#include "migrations/regrets.hpp"

#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::migrations {

// A walk over the tokens of a statement. What does not fit is left where it is, so that several
// forms can be tried in turn.
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
    return token.kind == Token::Kind::word || token.kind == Token::Kind::name;
  }

  const std::vector<Token>& tokens_;
  std::size_t at_ = 0;
};

namespace {

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

bool is_constraint(const Statement& action) {
  return action.has({"primary", "key"}) || action.has({"foreign", "key"}) ||
         action.has({"add", "unique"}) || action.has({"add", "check"});
}

void look_at_columns(const Statement& action, const std::string& table, std::size_t line,
                     Report& report) {
  Cursor drop(action);
  if (drop.seek("drop") && !drop.take("constraint") && !action.has({"alter", "column"})) {
    report.warn(line, kDropColumn, format("drops a column of {}", table),
                "its values are gone, and code that runs during the release still reads it");
  }
  Cursor type(action);
  if (type.seek("alter") && type.seek("type") && !action.has({"alter", "type"})) {
    report.warn(line, kTypeChange, format("changes the type of a column of {}", table),
                "most such changes rewrite the whole table while nobody can read it");
  }
  if (action.has({"set", "not", "null"})) {
    report.warn(
        line, kNotNull, format("lets no column of {} be empty that might be", table),
        "it reads the whole table under a lock; first add a CHECK (... IS NOT NULL) NOT VALID "
        "and validate it");
  }
  Cursor add(action);
  if (add.seek("add") && !add.take("constraint") && action.has({"not", "null"}) &&
      !action.has("default") && !action.has("generated") && !is_constraint(action)) {
    report.warn(line, kNewNotNull,
                format("adds a column to {} that must not be empty, without a default", table),
                "it fails where the table has rows; give it a default");
  }
}

}  // namespace

void Regrets::look(const Statement& statement, Report& report) {
  look_at_tables(statement, report);
  look_at_indexes(statement, report);
  look_at_writes(statement, report);
  look_at_enums(statement, report);
}

void Regrets::look_at_tables(const Statement& statement, Report& report) {
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
    report.warn(statement.line, kDropTable, format("drops the table {}", printable(table, 80)),
                "its rows are gone; a backup is the only way back");
    return;
  }
  if (at.take("truncate")) {
    at.take("table");
    at.take("only");
    const std::string table = at.take_name();
    if (is_new(table)) return;
    report.warn(statement.line, kTruncate, format("empties the table {}", printable(table, 80)),
                "its rows are gone; a backup is the only way back");
    return;
  }
  if (at.take_all({"alter", "table"})) look_at_alter(statement, at, report);
}

void Regrets::look_at_alter(const Statement& statement, Cursor at, Report& report) const {
  at.take_all({"if", "exists"});
  at.take("only");
  const std::string table = at.take_name();
  if (is_new(table)) return;
  const std::string shown = printable(table, 80);
  for (const Statement& action : actions_of(statement)) {
    const std::size_t line = action.tokens.empty() ? statement.line : action.tokens.front().line;
    if (action.has("rename")) {
      report.warn(line, kRename, format("renames in {}", shown),
                  "code that runs during the release knows the old name only");
    }
    look_at_columns(action, shown, line, report);
    look_at_constraints(action, shown, line, report);
  }
}

void Regrets::look_at_constraints(const Statement& action, const std::string& table,
                                  std::size_t line, Report& report) const {
  if (dialect_ == Dialect::sqlite || !action.has("add")) return;
  const bool scans =
      action.has({"foreign", "key"}) || action.has("references") || action.has("check");
  const bool builds = action.has("unique") || action.has({"primary", "key"});
  if (scans && !action.has({"not", "valid"})) {
    report.warn(line, kConstraint, format("adds a constraint to {} and checks every row", table),
                "add it NOT VALID, and VALIDATE CONSTRAINT in a later migration");
  } else if (builds && !action.has({"using", "index"})) {
    report.warn(line, kConstraint,
                format("adds a unique constraint to {} and builds its index", table),
                "build the index CONCURRENTLY first, then add the constraint USING INDEX");
  }
}

// SQLite has one writer anyway.
void Regrets::look_at_indexes(const Statement& statement, Report& report) const {
  if (dialect_ == Dialect::sqlite) return;
  Cursor at(statement);
  if (!at.take("create")) return;
  at.take("unique");
  if (!at.take("index") || at.take("concurrently") || !at.seek("on")) return;
  at.take("only");
  const std::string table = at.take_name();
  if (is_new(table)) return;
  report.warn(statement.line, kIndex,
              format("builds an index on {} while nobody can write to it", printable(table, 80)),
              "write CREATE INDEX CONCURRENTLY; it is run outside of the transaction");
}

// Any WHERE counts, also one that is true of every row.
void Regrets::look_at_writes(const Statement& statement, Report& report) const {
  const bool updates = statement.begins({"update"});
  if (!updates && !statement.begins({"delete"})) return;
  if (statement.has("where")) return;
  Cursor at(statement);
  at.take("update") || at.take_all({"delete", "from"});
  at.take("only");
  const std::string table = at.take_name();
  if (is_new(table)) return;
  report.warn(statement.line, kUnbounded,
              format("{} every row of {}", updates ? "changes" : "deletes", printable(table, 80)),
              "say which rows; many are better changed in portions");
}

// PostgreSQL lets nobody use a value of an enumeration in the transaction that added it.
void Regrets::look_at_enums(const Statement& statement, Report& report) {
  if (dialect_ == Dialect::sqlite) return;
  if (statement.begins({"alter", "type"}) && statement.has({"add", "value"})) {
    Cursor at(statement);
    for (const Token& token : statement.tokens) {
      if (token.kind != Token::Kind::text) continue;
      new_values_.insert(token.value());
      return;
    }
  }
  if (statement.begins({"create", "type"})) return;
  for (const Token& token : statement.tokens) {
    if (token.kind != Token::Kind::text || !new_values_.contains(token.value())) continue;
    report.warn(token.line, kNewEnumValue,
                format("uses {}, which the same run adds to an enumeration",
                       printable(std::string(token.text), 80)),
                "PostgreSQL refuses that within one transaction: let the release say transactions: "
                "file, with the value and its use in files of their own");
    new_values_.erase(token.value());  // its first use says it
    return;
  }
}

}  // namespace sealift::migrations
