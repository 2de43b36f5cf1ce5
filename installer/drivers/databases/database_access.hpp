// SPDX-License-Identifier: Apache-2.0
#pragma once

// A database as a placement remembers it: how it is opened, what its release
// wants of it, and where it is written down what was applied.

#include <memory>
#include <string>

#include "databases/database.hpp"
#include "installer/content/content.hpp"
#include "installer/drivers/databases/database_step.hpp"

namespace sealift::installer {

// `session`: how its sessions are called.
std::unique_ptr<databases::Database> open_database(const DatabaseSettings& settings,
                                                   const fs::path& scratch,
                                                   const std::string& session);
std::string session_name(std::uint64_t transaction);

// The migrations of a component, read from its tree. Long ones are read from there again, also when
// `content` is gone.
migrations::MigrationSet read_migrations(Content& content, const std::string& component,
                                         const DatabaseSettings& settings,
                                         migrations::Texts texts = migrations::Texts::checked);
migrations::TrackingTable tracking_table(const DatabaseSettings& settings,
                                         const migrations::MigrationSet& set);
databases::ForeignKeys foreign_keys(const DatabaseSettings& settings);

bool is_of_database(const Placement& placement);

}  // namespace sealift::installer
