// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rows of SQLite that refer to a row which does not exist. A run of migrations must not leave new
// ones; those of before are told apart by table and value, for a table that is made anew gives its
// rows other numbers, and by value alone where the table was renamed.

#include <map>
#include <string>
#include <utility>

#include "databases/sqlite_connection.hpp"

namespace sealift::databases {

class Orphans {
 public:
  // Finds those of now. Reads every table that refers to another.
  explicit Orphans(const SqliteConnection& connection)
      : connection_(connection), before_(find(connection)) {}

  // Error{target_failed} naming each table that has orphans which it did not have. `done` says what
  // was done since: "0002_users.sql".
  void check_since(const std::string& done) const;

 private:
  struct Count {
    std::size_t rows = 0;
    std::string parent;   // the table that lacks the row
    std::string example;  // which row it is: "rowid 99"
  };
  // By table and value.
  using Found = std::map<std::pair<std::string, std::string>, Count>;

  static Found find(const SqliteConnection& connection);

  const SqliteConnection& connection_;
  Found before_;
};

}  // namespace sealift::databases
