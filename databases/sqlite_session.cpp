// SPDX-License-Identifier: Apache-2.0
#include "databases/sqlite_session.hpp"

#include <sqlite3.h>

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/format.hpp"
#include "databases/quote.hpp"

namespace sealift::databases {

namespace {

// The settings of a connection that change what statements do, what they answer, or how they wait.
// The guard minds foreign_keys and trusted_schema.
constexpr std::array kSettings = {"analysis_limit",
                                  "automatic_index",
                                  "busy_timeout",
                                  "cell_size_check",
                                  "count_changes",
                                  "defer_foreign_keys",
                                  "empty_result_callbacks",
                                  "full_column_names",
                                  "ignore_check_constraints",
                                  "legacy_alter_table",
                                  "query_only",
                                  "read_uncommitted",
                                  "recursive_triggers",
                                  "reverse_unordered_selects",
                                  "short_column_names"};

std::optional<std::int64_t> setting(const SqliteConnection& connection, const std::string& name) {
  SqliteQuery query(connection, format("PRAGMA {}", name));
  if (!query.step()) return std::nullopt;
  return query.number(0);
}

void drop_temporary(const SqliteConnection& connection) {
  std::vector<std::pair<std::string, std::string>> found;
  SqliteQuery query(connection,
                    "SELECT type, name FROM sqlite_temp_master WHERE type <> 'index' AND name NOT "
                    "LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type DESC, rowid");
  while (query.step()) found.emplace_back(query.text(0), query.text(1));
  for (const auto& [type, name] : found) {
    // A virtual table stands before the tables that are its own, and takes them along.
    connection.exec(format("DROP {} IF EXISTS temp.{}", type, sql_name(name)));
  }
}

}  // namespace

SqliteSession::SqliteSession(const SqliteConnection& connection) : connection_(connection) {
  for (const char* name : kSettings) {
    if (const auto value = setting(connection, name)) settings_[name] = *value;
  }
}

bool SqliteSession::has_deferred_rows() const {
  int waiting = 0;
  int unused = 0;
  ::sqlite3_db_status(connection_.handle(), SQLITE_DBSTATUS_DEFERRED_FKS, &waiting, &unused, 0);
  return waiting != 0;
}

void SqliteSession::reset() const {
  // Those of the whole process, which no PRAGMA raises again.
  ::sqlite3_soft_heap_limit64(0);
  ::sqlite3_hard_heap_limit64(0);
  // Nobody can ask for this one.
  connection_.exec("PRAGMA case_sensitive_like = OFF");
  for (const auto& [name, value] : settings_) {
    if (setting(connection_, name) != value) {
      SqliteQuery(connection_, format("PRAGMA {} = {}", name, value)).step();
    }
  }
  drop_temporary(connection_);
}

void SqliteSession::forget_changes(const std::string& table) const {
  connection_.exec(format("DELETE FROM {} WHERE 0", sql_name(table)));
  ::sqlite3_set_last_insert_rowid(connection_.handle(), 0);
}

}  // namespace sealift::databases
