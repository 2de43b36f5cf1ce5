// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a migration sets or makes for its connection alone. All migrations of a run share one
// connection; the next one, and what the installer itself writes, must find it as a new one is, or
// a site that gets them at once comes out other than one that got them release by release.

#include <cstdint>
#include <map>
#include <string>

#include "databases/sqlite_connection.hpp"

namespace sealift::databases {

class SqliteSession {
 public:
  // Of a connection right after it was opened, which must outlive this.
  explicit SqliteSession(const SqliteConnection& connection);

  // Whether rows wait for rows that they refer to: a commit would refuse them.
  bool has_deferred_rows() const;
  // Puts settings back, and drops temporary tables, views and triggers.
  void reset() const;
  // last_insert_rowid() and changes() say 0, as before any change. `table` is one that is there.
  void forget_changes(const std::string& table) const;

 private:
  const SqliteConnection& connection_;
  std::map<std::string, std::int64_t> settings_;
};

}  // namespace sealift::databases
