// SPDX-License-Identifier: Apache-2.0
#pragma once

// The run of migrations that a step describes, and how much of it is still to be done: the step may
// be tried again after an attempt that was cut off.

#include "databases/database.hpp"
#include "installer/driver/driver.hpp"
#include "installer/drivers/databases/database_step.hpp"

namespace sealift::installer {

// The migrations that the step's component holds.
migrations::MigrationSet set_of(const Step& step, const DatabaseChange& change, StepIo& io);

// What the step runs: those migrations, or the SQL of its own that takes some of them back.
migrations::MigrationSet asked_for(const Step& step, const DatabaseChange& change, StepIo& io);

// An attempt that was cut off may have committed some of its files: the next one begins behind
// them. `set` is asked_for(), and must outlive the run.
databases::Run what_is_left(const DatabaseChange& change, const migrations::MigrationSet& set,
                            databases::Database& database);

}  // namespace sealift::installer
