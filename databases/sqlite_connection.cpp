// SPDX-License-Identifier: Apache-2.0
#include "databases/sqlite_connection.hpp"

#include <sqlite3.h>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::databases {

fs::path within_real_folder(const fs::path& file) {
  const std::optional<fs::path> folder = followed_path(file.parent_path());
  return folder ? *folder / file.filename() : file;
}

SqliteConnection::SqliteConnection(const fs::path& file, int flags,
                                   std::chrono::milliseconds patience)
    : file_(within_real_folder(file)) {
  if (const auto found = status_of(file_); found && !S_ISREG(found->st_mode)) {
    throw Error(Errc::incompatible,
                format("{}: found {}, expected a file", file.string(), kind_of(*found)),
                "correct path of this database in site.yaml");
  }
  sqlite3* opened = nullptr;
  const int status = ::sqlite3_open_v2(
      file_.c_str(), &opened, flags | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE, nullptr);
  handle_.reset(opened);
  if (status != SQLITE_OK) {
    const std::string said = opened == nullptr ? "no memory" : ::sqlite3_errmsg(opened);
    throw Error(Errc::incompatible, format("{}: cannot be opened: {}", file.string(), said),
                "correct path of this database in site.yaml, or the rights of its file");
  }
  guard_connection(opened);
  ::sqlite3_busy_timeout(opened, static_cast<int>(patience.count()));
}

int SqliteConnection::error_kind() const {
  return ::sqlite3_errcode(handle()) & 0xFF;
}

bool SqliteConnection::is_busy() const {
  return error_kind() == SQLITE_BUSY;
}

std::string SqliteConnection::said() const {
  return printable(::sqlite3_errmsg(handle()), 400);
}

void SqliteConnection::fail(std::string_view doing) const {
  if (is_busy()) {
    throw Error(Errc::busy, format("{}: {}: somebody else is writing", file_.string(), doing),
                "stop what writes to it for a while, or raise lock_timeout in site.yaml");
  }
  const int code = error_kind();
  const bool is_damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
  throw Error(is_damaged ? Errc::corrupt : Errc::io,
              format("{}: {}: {}", file_.string(), doing, said()));
}

void SqliteConnection::exec(const std::string& sql) const {
  if (::sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail(sql);
}

SqliteQuery::SqliteQuery(const SqliteConnection& connection, std::string_view sql)
    : connection_(connection), sql_(sql) {
  if (::sqlite3_prepare_v2(connection.handle(), sql_.data(), static_cast<int>(sql_.size()),
                           &statement_, nullptr) != SQLITE_OK) {
    connection.fail(sql_);
  }
}

SqliteQuery::~SqliteQuery() {
  ::sqlite3_finalize(statement_);
}

SqliteQuery& SqliteQuery::bind(std::string_view text) {
  ::sqlite3_bind_text(statement_, ++bound_, text.data(), static_cast<int>(text.size()),
                      SQLITE_TRANSIENT);
  return *this;
}

SqliteQuery& SqliteQuery::bind(std::int64_t number) {
  ::sqlite3_bind_int64(statement_, ++bound_, number);
  return *this;
}

bool SqliteQuery::step() {
  const int status = ::sqlite3_step(statement_);
  if (status != SQLITE_ROW && status != SQLITE_DONE) connection_.fail(sql_);
  return status == SQLITE_ROW;
}

bool SqliteQuery::is_null(int column) const {
  return ::sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t SqliteQuery::number(int column) const {
  return ::sqlite3_column_int64(statement_, column);
}

std::string SqliteQuery::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(::sqlite3_column_text(statement_, column));
  return bytes == nullptr
             ? ""
             : std::string(bytes,
                           static_cast<std::size_t>(::sqlite3_column_bytes(statement_, column)));
}

}  // namespace sealift::databases
