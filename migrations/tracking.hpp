// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a database says has been applied to it, against what a release holds. Tables are those of
// drizzle-orm, column for column (pg-core/dialect.js of 0.45, up-migrations of 1.0.0-rc): 0.x keeps
// (id, hash, created_at), 1.x also (name, applied_at), and 1.x goes by whether the column `name` is
// there. Migrations of plain SQL keep a table of the second shape under a name of ours.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "migrations/migration_set.hpp"

namespace sealift::migrations {

// Where the table is.
struct TrackingTable {
  std::string schema;  // of PostgreSQL; empty: SQLite has none
  std::string name;
  friend bool operator==(const TrackingTable&, const TrackingTable&) = default;
};

// What a release that says nothing gets.
TrackingTable usual_table(Layout layout, Dialect dialect);

enum class Shape {
  missing,   // there is no table yet
  unnamed,   // hash, created_at
  with_name  // hash, created_at, name, applied_at
};

// As the table has it: it may have been written by drizzle-orm, by hand or by us.
struct AppliedRow {
  std::string hash;
  std::int64_t created_at = 0;      // milliseconds; 0 where the column is null
  std::optional<std::string> name;  // nothing: null, or there is no such column
  friend bool operator==(const AppliedRow&, const AppliedRow&) = default;
};

// In the order in which they were written.
struct Applied {
  Shape shape = Shape::missing;
  std::vector<AppliedRow> rows;
  friend bool operator==(const Applied&, const Applied&) = default;
};

// A migration that was applied from other text than the release holds.
struct Drift {
  const Migration* migration;
  std::string hash;  // of what was applied
};

struct Comparison {
  std::vector<const Migration*> applied;
  std::vector<const Migration*> pending;  // in the order of the set
  // Pending, though one is applied that follows it or has a later time: drizzle-orm 0.x would pass
  // over it for ever.
  std::vector<const Migration*> late;
  std::vector<Drift> drifted;
  // Applied from the same text with other line ends, as git makes them: not drifted.
  std::vector<Drift> other_line_ends;
  std::vector<AppliedRow> unknown;  // applied, and not in the release
};

// `set` must outlive what is returned.
Comparison compare(const MigrationSet& set, const Applied& applied);

// The row that the tool which made the table would write for it.
AppliedRow row_for(const Migration& migration, Shape shape, std::int64_t now);

// The shape that a new table gets.
Shape shape_for(Layout layout);

}  // namespace sealift::migrations
