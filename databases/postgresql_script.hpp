// SPDX-License-Identifier: Apache-2.0
#pragma once

// Migrations as a script for one psql, which is one session. It polls for a session advisory lock
// (a waiter that blocks would deadlock with CREATE INDEX CONCURRENTLY), looks at the tracking table
// once more, and runs everything in one transaction, as drizzle-orm does. A server whose client
// died before COMMIT rolls back.

#include <string>
#include <string_view>

#include "base/stream.hpp"
#include "databases/database.hpp"

namespace sealift::databases {

// Marks of the script (Psql::mark), before what may fail for a reason of its own. That of a
// statement of the release is "NUMBER LINE": of the migration among the pending ones, and in its
// file.
inline constexpr std::string_view kAtLock = "lock";          // another run holds it
inline constexpr std::string_view kAtState = "state";        // the tracking table has changed
inline constexpr std::string_view kAtPooler = "pooler";      // the session is not one
inline constexpr std::string_view kAtTable = "table";        // tables of Drizzle's and of ours
inline constexpr std::string_view kAtProgress = "progress";  // begun from other text

// Written as it is made: a seed of gigabytes never stands in memory as a whole.
void write_migration_script(const Run& run, const Patience& patience, Sink& script);

// False for a migration that holds a statement which the server takes only outside of a
// transaction.
bool can_be_inside(const migrations::MigrationSet& set, const migrations::Migration& migration);

// The table's name in SQL.
std::string qualified(const migrations::TrackingTable& table);
// A query for its rows in their order, as one JSON list: hash, time, and the name where it has one.
std::string rows_select(const migrations::TrackingTable& table, migrations::Shape shape);

}  // namespace sealift::databases
