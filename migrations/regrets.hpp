// SPDX-License-Identifier: Apache-2.0
#pragma once

// What people regret of a migration: rows that are lost, tables that are locked while they are
// read or rewritten, code that does not know a new name. All of it is a warning. A table that the
// same run makes is empty, so nothing that is done to it is slow or loses anything.

#include <set>
#include <string>

#include "migrations/findings.hpp"
#include "migrations/sql.hpp"

namespace sealift::migrations {

class Cursor;

class Regrets {
 public:
  explicit Regrets(Dialect dialect) : dialect_(dialect) {}

  // Tables that were made before now have rows.
  void forget_new_tables() { new_tables_.clear(); }
  // Values that were added to enumerations before now may be used.
  void forget_new_values() { new_values_.clear(); }

  // Statements are given in the order in which they run.
  void look(const Statement& statement, Report& report);

 private:
  bool is_new(const std::string& table) const { return new_tables_.contains(table); }
  void look_at_tables(const Statement& statement, Report& report);
  void look_at_alter(const Statement& statement, Cursor at, Report& report) const;
  void look_at_constraints(const Statement& action, const std::string& table, std::size_t line,
                           Report& report) const;
  void look_at_indexes(const Statement& statement, Report& report) const;
  void look_at_writes(const Statement& statement, Report& report) const;
  void look_at_enums(const Statement& statement, Report& report);

  Dialect dialect_;
  std::set<std::string> new_tables_;
  std::set<std::string> new_values_;  // of enumerations
};

}  // namespace sealift::migrations
