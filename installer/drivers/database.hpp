// SPDX-License-Identifier: Apache-2.0
#pragma once

// A database whose migrations a release carries. Steps: a backup, verified, in the phase fence;
// the migrations in the phase migrate. What an undo may do to a database is narrow: it never
// restores, because what others have written since would be lost (docs/install-protocol.md).

#include <memory>

#include "base/parallel.hpp"
#include "databases/database.hpp"
#include "installer/driver.hpp"
#include "installer/layout.hpp"
#include "release/manifest.hpp"
#include "release/site.hpp"

namespace sealift::installer {

// `name` is the driver's word in site.yaml: "postgresql" or "sqlite".
std::unique_ptr<Driver> database_driver(const std::string& name, const Layout& layout,
                                        Workers& workers);

// What a placement remembers of a database and of what a release says about it.
Json database_settings(const std::string& name, const release::DatabaseEntry& entry,
                       const release::CarriedMigrations& carried);

// The database that settings speak of. `session`: how its sessions are called.
std::unique_ptr<databases::Database> open_database(const Json& settings, const fs::path& scratch,
                                                   const std::string& session);
std::string session_name(std::uint64_t transaction);

// The migrations of a component, read from its tree.
migrations::MigrationSet read_migrations(TreeStream& tree, const Json& settings);
migrations::TrackingTable tracking_table(const Json& settings, const migrations::MigrationSet& set);

// What people see of a step that migrates, before it is done: each migration with its SQL and what
// was found in it.
std::vector<std::string> describe_migrations(const Step& step, const migrations::MigrationSet& set);

}  // namespace sealift::installer
