// SPDX-License-Identifier: Apache-2.0
#pragma once

// What placements and steps of databases say, as the journal keeps it, each with its one reader and
// its one writer. A reader is strict: Error{corrupt} that names the place and the key.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "databases/database.hpp"
#include "installer/records/placement.hpp"
#include "installer/records/plan.hpp"
#include "release/documents/manifest.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

// What is remembered of a database, and of what a release says about it. Words are those of
// site.yaml and release.yaml.
struct DatabaseSettings {
  std::string database;  // its name in site.yaml
  std::string driver;    // "postgresql", "sqlite"
  unsigned lock_timeout = 0;
  unsigned lock_attempts = 0;
  unsigned statement_timeout = 0;
  std::string format;
  std::string dialect;
  std::string transactions;
  std::string late;
  std::string rollback;
  std::string foreign_keys;  // empty: a plan of before this key, which means "off"
  std::string schema;
  std::string table;
  std::optional<std::vector<std::string>> encrypt_to;  // nothing: backups are not encrypted
  std::optional<release::BackupTool> backup;
  std::string path;  // of SQLite
  std::string url;   // of PostgreSQL, as what follows
  std::vector<std::string> tools;
  std::string password_file;
};

// What a placement remembers of a database of site.yaml and of what a release says about it.
DatabaseSettings database_settings(const std::string& name, const release::Site& site,
                                   const release::CarriedMigrations& carried);
Json to_json(const DatabaseSettings& settings);
DatabaseSettings database_settings_from_json(const Json& value, const std::string& where);
// Of a placement of migrations.
DatabaseSettings database_settings_of(const Placement& placement);

// Actions of steps.
inline constexpr const char* kBackup = "backup";
inline constexpr const char* kMigrate = "migrate";
inline constexpr const char* kRestore = "restore";
inline constexpr const char* kTakeBack = "take-back";

// Space that a step needs in a folder.
struct NeededSpace {
  std::string path;
  std::uint64_t bytes = 0;
};

Json to_json(const NeededSpace& space);
NeededSpace needed_space_from_json(const Json& value, const std::string& where);

// A backup, of the phase fence.
struct BackupStep {
  std::string backup;  // its name
  std::string server;
  std::string version;  // of the release that was installed; empty: none
  Time made;
  std::uint64_t transaction = 0;
  DatabaseSettings settings;
  std::optional<NeededSpace> space;  // nothing where programs of the site write it
};

Json to_json(const BackupStep& step);
BackupStep backup_step_from_json(const Step& step);
// What a step needs that makes a backup; nothing of other steps.
std::optional<NeededSpace> space_of(const Step& step);

// A migration is taken back by this SQL.
struct WayDown {
  std::string name;
  std::string sql;
  std::string hash;  // of the row that goes
};

// A change of the database. Which of the last three is there depends on its
// action.
struct DatabaseChange {
  std::string backup;          // made before it
  migrations::Applied before;  // what the database had had
  databases::Author author;    // with the transaction
  Time made;
  bool fenced = false;
  DatabaseSettings settings;
  bool fenced_until_activate = false;  // what writes is started before the commit
  std::optional<std::map<std::string, std::string>> pending = {};  // of migrate: name -> hash
  std::optional<std::string> from = {};                            // of restore: a backup
  std::optional<std::vector<WayDown>> ways = {};                   // of take-back, in their order
};

Json to_json(const DatabaseChange& change);
DatabaseChange database_change_from_json(const Step& step);

}  // namespace sealift::installer
