// SPDX-License-Identifier: Apache-2.0
#include "databases/sqlite_foreign_keys.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <set>
#include <vector>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "databases/quote.hpp"

namespace sealift::databases {

namespace {

std::set<std::string> tables_of(const SqliteConnection& connection) {
  std::set<std::string> names;
  SqliteQuery query(connection, "SELECT name FROM sqlite_master WHERE type = 'table'");
  while (query.step()) names.insert(query.text(0));
  return names;
}

bool refers_to_others(const SqliteConnection& connection, const std::string& table) {
  return SqliteQuery(connection, "SELECT 1 FROM pragma_foreign_key_list(?)").bind(table).step();
}

// The values with which a row refers to another, as SQL writes them.
std::string value_of(const SqliteConnection& connection, const std::string& table, std::int64_t key,
                     std::int64_t row) {
  SqliteQuery columns(connection,
                      "SELECT \"from\" FROM pragma_foreign_key_list(?) WHERE id = ? ORDER BY seq");
  columns.bind(table).bind(key);
  std::string list;
  while (columns.step()) {
    list += format("{}quote({})", list.empty() ? "" : " || ', ' || ", sql_name(columns.text(0)));
  }
  SqliteQuery value(connection,
                    format("SELECT {} FROM {} WHERE _rowid_ = ?", list, sql_name(table)));
  return value.bind(row).step() ? value.text(0) : "";
}

}  // namespace

Orphans::Found Orphans::find(const SqliteConnection& connection) {
  Found found;
  for (const std::string& table : tables_of(connection)) {
    if (!refers_to_others(connection, table)) continue;
    try {
      SqliteQuery check(connection, format("PRAGMA foreign_key_check({})", sql_name(table)));
      while (check.step()) {
        // A table WITHOUT ROWID has no number to find the row by.
        const bool has_number = !check.is_null(1);
        const std::string value =
            has_number ? value_of(connection, table, check.number(3), check.number(1)) : "";
        Count& count = found[{table, value}];
        ++count.rows;
        count.parent = check.text(2);
        count.example = has_number ? format(", such as that with rowid {}", check.number(1)) : "";
      }
    } catch (const Error& error) {
      // Of keys that refer to no unique column SQLite itself cannot say whether they hold.
      if (connection.error_kind() != SQLITE_ERROR) throw;
      log::detail(format("foreign keys of {} cannot be checked: {}", table, error.message()));
    }
  }
  return found;
}

void Orphans::check_since(const std::string& done) const {
  Found known = before_;
  Found fresh = find(connection_);
  const auto match = [](Count& is, Count& was) {
    const std::size_t same = std::min(is.rows, was.rows);
    is.rows -= same;
    was.rows -= same;
  };
  for (auto& [key, count] : fresh) {
    if (const auto same = known.find(key); same != known.end()) match(count, same->second);
  }
  // What is left of tables that are gone may be in one that has their rows now.
  const std::set<std::string> tables = tables_of(connection_);
  for (auto& [key, count] : fresh) {
    for (auto& [old, rest] : known) {
      if (!tables.contains(old.first) && old.second == key.second) match(count, rest);
    }
  }
  std::map<std::string, Count> by_table;
  for (const auto& [key, count] : fresh) {
    if (count.rows == 0) continue;
    Count& sum = by_table[key.first];
    sum = {.rows = sum.rows + count.rows, .parent = count.parent, .example = count.example};
  }
  Problems problems;
  for (const auto& [table, count] : by_table) {
    problems.add(
        format("{}: the table {} has {} that refer{} to no row of {}{}, which was not so before",
               done, printable(table, 128),
               count.rows == 1 ? "a row" : format("{} rows", count.rows),
               count.rows == 1 ? "s" : "", printable(count.parent, 128), count.example),
        "the run was undone: let a migration remove or correct such rows; where ON DELETE and ON "
        "UPDATE are to be followed, let the release say foreign_keys: on");
  }
  problems.throw_if_any(Errc::target_failed);
}

}  // namespace sealift::databases
