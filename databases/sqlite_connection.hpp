// SPDX-License-Identifier: Apache-2.0
#pragma once

// SQLite's library with errors of ours: Error{incompatible} where a file cannot be opened,
// Error{busy} where somebody else is writing, Error{corrupt} where it is damaged, else Error{io}.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "databases/sqlite_guard.hpp"

struct sqlite3_stmt;

namespace sealift::databases {

// The file by a path without links: SQLite refuses those with links anywhere in them, where only
// the file itself must be none. Folders are linked by administrators and by releases.
fs::path within_real_folder(const fs::path& file);

class SqliteConnection {
 public:
  // `flags`: SQLITE_OPEN_...; `patience`: how long it waits for others.
  SqliteConnection(const fs::path& file, int flags, std::chrono::milliseconds patience);

  sqlite3* handle() const { return handle_.get(); }
  // What kind of error the last call met: SQLITE_BUSY.
  int error_kind() const;
  // Whether somebody else held it: worth another attempt.
  bool is_busy() const;
  // What the library says of the last call.
  std::string said() const;

  // By error_kind(); the message names the file.
  [[noreturn]] void fail(std::string_view doing) const;
  // All statements of `sql`, whose rows nobody wants.
  void exec(const std::string& sql) const;

 private:
  fs::path file_;
  SqliteHandle handle_;
};

// A statement of a connection, which must outlive it.
class SqliteQuery {
 public:
  SqliteQuery(const SqliteConnection& connection, std::string_view sql);
  SqliteQuery(const SqliteQuery&) = delete;
  SqliteQuery& operator=(const SqliteQuery&) = delete;
  ~SqliteQuery();

  // The next parameter, from the first. The text is copied.
  SqliteQuery& bind(std::string_view text);
  SqliteQuery& bind(std::int64_t number);
  // True where there is a row.
  bool step();
  bool is_null(int column) const;
  std::int64_t number(int column) const;
  std::string text(int column) const;

 private:
  const SqliteConnection& connection_;
  std::string sql_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

}  // namespace sealift::databases
