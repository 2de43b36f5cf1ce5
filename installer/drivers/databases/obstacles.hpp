// SPDX-License-Identifier: Apache-2.0
#pragma once

// What keeps the migrations of a release from running on a database as it is. All of it is
// reported together, as Error{incompatible} with the command that helps.

#include <string>
#include <vector>

#include "databases/database.hpp"

namespace sealift::installer {

// The name of a migration that was applied, or the beginning of its hash where none is known.
std::string what_is(const migrations::AppliedRow& row);

// Refuses what the database has had from other text, what it has had and the release does not know,
// and what is older than what it has had; the last unless `late` (of release.yaml) says "applied".
// A database that is ahead, with nothing pending, is a warning: its code was rolled back.
void check_comparison(const migrations::Comparison& found, const std::string& database,
                      const std::string& late);

// Refuses SQL that no database is given, whatever the builder was told to overlook.
void check_statements(const migrations::MigrationSet& set,
                      const std::vector<const migrations::Migration*>& pending);

}  // namespace sealift::installer
