// SPDX-License-Identifier: Apache-2.0
#pragma once

// A database whose migrations a release carries. Steps: a backup, verified, in the phase fence;
// in the phase migrate the migrations, or on a way back that was asked for a restore or the files
// that take migrations back. An undo restores only where nobody can have written since, or a person
// gives that up (Writes, installer/driver/driver.hpp).

#include <memory>

#include "base/parallel.hpp"
#include "databases/database.hpp"
#include "installer/driver/driver.hpp"
#include "installer/drivers/databases/backups.hpp"
#include "installer/site/layout.hpp"
#include "release/documents/manifest.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

// `name` is the driver's word in site.yaml: "postgresql" or "sqlite".
std::unique_ptr<Driver> database_driver(const std::string& name, const Layout& layout,
                                        Workers& workers);

// What a placement remembers of a database and of what a release says about it.
Json database_settings(const std::string& name, const release::Site& site,
                       const release::CarriedMigrations& carried);

// The database that settings speak of. `session`: how its sessions are called.
std::unique_ptr<databases::Database> open_database(const Json& settings, const fs::path& scratch,
                                                   const std::string& session);
std::string session_name(std::uint64_t transaction);
// Says in a backup that is to be made whom it is encrypted to.
void encrypt_as(const Json& settings, Backup& backup);

// The migrations of a component, read from its tree.
migrations::MigrationSet read_migrations(TreeStream& tree, const Json& settings);
migrations::TrackingTable tracking_table(const Json& settings, const migrations::MigrationSet& set);
databases::ForeignKeys foreign_keys(const Json& settings);

bool is_of_database(const Placement& placement);

// What people see of a step that migrates, before it is done: each migration with its SQL and what
// was found in it.
std::vector<std::string> describe_migrations(const Step& step, const migrations::MigrationSet& set);

}  // namespace sealift::installer
