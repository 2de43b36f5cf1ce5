// SPDX-License-Identifier: Apache-2.0
#include "migrations/findings.hpp"

namespace sealift::migrations {

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

void Report::fatal(std::size_t line, std::string_view rule, std::string found, std::string hint) {
  add(Finding::Weight::fatal, line, rule, std::move(found), std::move(hint));
}

void Report::warn(std::size_t line, std::string_view rule, std::string found, std::string hint) {
  add(Finding::Weight::warning, line, rule, std::move(found), std::move(hint));
}

void Report::add(Finding::Weight weight, std::size_t line, std::string_view rule, std::string found,
                 std::string hint) {
  findings_.push_back({.weight = weight,
                       .rule = std::string(rule),
                       .migration = migration_->name,
                       .file = migration_->file,
                       .line = offset_ + line,
                       .found = std::move(found),
                       .hint = std::move(hint)});
}

}  // namespace sealift::migrations
