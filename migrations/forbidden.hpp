// SPDX-License-Identifier: Apache-2.0
#pragma once

// What no database is given: statements that would run something else than SQL, or change how the
// database itself works. Those that leave the transaction of their run are found by Boundaries
// (pause.hpp).

#include <string_view>

#include "migrations/findings.hpp"
#include "migrations/sql.hpp"

namespace sealift::migrations {

// How a statement stands to transactions.
enum class Standing {
  inside,    // may be part of one
  outside,   // the database refuses it within one
  boundary,  // begins or ends one
};
Standing standing_of(const Statement& statement, Dialect dialect);

// Settings of SQLite that a migration must not change: they take its walls down, move its files, or
// cannot be changed within a transaction. In any case.
bool is_forbidden_pragma(std::string_view name);

// Adds what of this is in a statement; all of it is fatal but a PRAGMA without effect.
void find_forbidden(const Statement& statement, Dialect dialect, Report& report);

}  // namespace sealift::migrations
