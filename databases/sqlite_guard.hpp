// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bounds what SQL may do through SQLite's library, which runs in our process with our rights. The
// content of a database file and the SQL of a release are both written by others.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "databases/database.hpp"
#include "migrations/pause.hpp"

struct sqlite3;

namespace sealift::databases {

struct CloseSqlite {
  void operator()(sqlite3* handle) const;
};
using SqliteHandle = std::unique_ptr<sqlite3, CloseSqlite>;

// For every connection, right after it was opened: SQL cannot write the pages of the schema or of
// virtual tables, functions in a schema are only the harmless ones, and no code is loaded.
void guard_connection(sqlite3* handle);

// For as long as it lives, a connection prepares only what a migration may do: change this one
// database, but not its tracking tables, the schema table, other files or the transaction, which a
// pause (migrations/pause.hpp) only seems to end. Foreign
// keys are followed or not, as the release says; where they are, a migration's own PRAGMA
// foreign_keys is obeyed, which SQLite ignores within a transaction: a table that is dropped to be
// made anew would take along the rows that refer to it.
class MigrationGuard {
 public:
  // `tracking`: the names of the tables that only the installer writes.
  MigrationGuard(sqlite3* handle, std::vector<std::string> tracking, ForeignKeys foreign_keys);
  MigrationGuard(const MigrationGuard&) = delete;
  MigrationGuard& operator=(const MigrationGuard&) = delete;
  ~MigrationGuard();

  // Why a statement was refused, and with it all that follow: "attaches another file"; empty: none
  // was.
  const std::string& refusal() const { return refusal_; }
  // Before each statement is prepared.
  void begin_statement() { passes_over_ = false; }
  // Whether the statement that was prepared stands around a PRAGMA and is not run.
  bool passes_over() const { return passes_over_; }
  // A transaction was ended and none has begun: the migration may not end so.
  bool is_paused() const { return pause_.is_open(); }
  // Does what the last statement said about foreign keys, if it did.
  void follow_pragma();

 private:
  static int authorize(void* guard, int action, const char* first, const char* second,
                       const char* database, const char* trigger);

  sqlite3* handle_;
  std::vector<std::string> tracking_;
  ForeignKeys foreign_keys_;
  migrations::Pause pause_;
  bool passes_over_ = false;
  std::optional<ForeignKeys> wanted_;  // by the statement that was prepared last
  std::string refusal_;
};

}  // namespace sealift::databases
