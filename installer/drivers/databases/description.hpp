// SPDX-License-Identifier: Apache-2.0
#pragma once

// What people see of a step that changes a database, before it is done.

#include <string>
#include <vector>

#include "databases/database.hpp"
#include "installer/records/plan.hpp"

namespace sealift::installer {

// Each migration with its SQL and what was found in it, and what a failure does
// to it.
std::vector<std::string> describe_migrations(const Step& step, const migrations::MigrationSet& set);

// The lines of statements that PostgreSQL takes only outside of a transaction.
std::vector<std::size_t> lines_outside(const migrations::MigrationSet& set,
                                       const migrations::Migration& migration);

}  // namespace sealift::installer
