// SPDX-License-Identifier: Apache-2.0
#include "databases/sqlite_guard.hpp"

#include <sqlite3.h>

#include <array>
#include <cstdlib>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "migrations/lint.hpp"

namespace sealift::databases {

namespace {

bool is_same(const char* name, const char* other) {
  return name != nullptr && ::sqlite3_stricmp(name, other) == 0;
}

// Whether an action only reads, or leaves every row as it is.
bool is_harmless(int action) {
  return action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE ||
         action == SQLITE_ANALYZE || action == SQLITE_REINDEX;
}

migrations::PausePart part_of(int action, const char* first, const char* second) {
  using migrations::PausePart;
  if (action == SQLITE_PRAGMA && is_same(first, "foreign_keys") && second != nullptr) {
    return PausePart::foreign_keys;
  }
  if (action != SQLITE_TRANSACTION) return PausePart::other;
  if (is_same(first, "commit")) return PausePart::end;
  return is_same(first, "begin") ? PausePart::begin : PausePart::other;
}

// What a migration may never do, whatever table it is about; empty: it may.
std::string forbidden(int action, const char* first, const char* second) {
  switch (action) {
    case SQLITE_ATTACH:
      return "attaches another file";
    case SQLITE_DETACH:
      return "detaches a file";
    case SQLITE_TRANSACTION:
      return "begins or ends a transaction by itself";
    case SQLITE_FUNCTION:
      return is_same(second, "load_extension") ? "loads code" : "";
    case SQLITE_PRAGMA: {
      const bool is_set = second != nullptr && migrations::is_forbidden_pragma(first);
      return is_set ? format("sets PRAGMA {}", lower(first)) : "";
    }
    default:
      return "";
  }
}

// Unlike the PRAGMA this works within a transaction.
void follow_foreign_keys(sqlite3* handle, ForeignKeys how) {
  ::sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_FKEY, how == ForeignKeys::followed ? 1 : 0,
                      nullptr);
}

// What PRAGMA takes for a switch that is on: sqlite3GetBoolean().
bool is_on(const char* word) {
  return is_same(word, "on") || is_same(word, "yes") || is_same(word, "true") ||
         std::atoi(word) != 0;
}

}  // namespace

void CloseSqlite::operator()(sqlite3* handle) const {
  ::sqlite3_close(handle);
}

void guard_connection(sqlite3* handle) {
  constexpr std::array kSwitches = {std::pair{SQLITE_DBCONFIG_DEFENSIVE, 1},
                                    std::pair{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                                    std::pair{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0}};
  for (const auto& [option, wanted] : kSwitches) {
    int now = -1;
    if (::sqlite3_db_config(handle, option, wanted, &now) != SQLITE_OK || now != wanted) {
      throw Error(Errc::internal, format("SQLite: option {} cannot be set", option));
    }
  }
}

MigrationGuard::MigrationGuard(sqlite3* handle, std::vector<std::string> tracking,
                               ForeignKeys foreign_keys)
    : handle_(handle), tracking_(std::move(tracking)), foreign_keys_(foreign_keys) {
  follow_foreign_keys(handle_, foreign_keys_);
  ::sqlite3_set_authorizer(handle_, authorize, this);
  // The application's own triggers run, and SQLite 3.40 refuses those that write a table of FTS5
  // unless the schema is trusted. The authorizer sees what they do.
  ::sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1, nullptr);
}

MigrationGuard::~MigrationGuard() {
  follow_foreign_keys(handle_, ForeignKeys::ignored);
  ::sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  ::sqlite3_set_authorizer(handle_, nullptr, nullptr);
}

void MigrationGuard::follow_pragma() {
  if (wanted_ && foreign_keys_ == ForeignKeys::followed) follow_foreign_keys(handle_, *wanted_);
  wanted_.reset();
}

int MigrationGuard::authorize(void* guard, int action, const char* first, const char* second,
                              const char* /*database*/, const char* /*trigger*/) {
  auto& self = *static_cast<MigrationGuard*>(guard);
  // SQLite may ask on after a refusal: the first is the reason.
  if (!self.refusal_.empty()) return SQLITE_DENY;
  const bool was_paused = self.pause_.is_open();
  const bool is_of_pause = self.pause_.takes(part_of(action, first, second));
  self.passes_over_ = is_of_pause && action == SQLITE_TRANSACTION;
  if (self.passes_over_) return SQLITE_OK;
  self.refusal_ = was_paused && !is_of_pause ? "stands between COMMIT and BEGIN"
                                             : forbidden(action, first, second);
  if (!self.refusal_.empty()) return SQLITE_DENY;
  if (action == SQLITE_PRAGMA && is_same(first, "foreign_keys") && second != nullptr) {
    self.wanted_ = is_on(second) ? ForeignKeys::followed : ForeignKeys::ignored;
  }
  if (is_harmless(action) || action == SQLITE_PRAGMA || action == SQLITE_FUNCTION) {
    return SQLITE_OK;
  }
  // The second argument of an update is a column; else it may be the table of an index or trigger.
  for (const std::string& table : self.tracking_) {
    if (!is_same(first, table.c_str()) &&
        (action == SQLITE_UPDATE || !is_same(second, table.c_str()))) {
      continue;
    }
    self.refusal_ = format("changes {}, which only the installer may change", table);
    return SQLITE_DENY;
  }
  return SQLITE_OK;
}

}  // namespace sealift::databases
