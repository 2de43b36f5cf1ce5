// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a driver of a database is told beside what every driver is (installer/driver/driver.hpp).

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "databases/database.hpp"

namespace sealift::installer {

// What a rollback does to databases that have been migrated since.
enum class WayBack {
  leave,
  restore,  // from the backup that was made then: everything written after it is lost
  down      // by the files that take migrations back
};

// A release that has stood since, and what it says of going back.
struct Passed {
  std::string version;
  std::string rollback;
};

struct DataRequest {
  WayBack way = WayBack::leave;
  std::vector<std::string> past;  // versions whose `rollback` is waived
  std::uint64_t since = 0;        // the revision that it goes back to
  // Newest last, by the paths of placements.
  std::map<std::string, std::vector<Passed>> passed;
  // What the current release holds, by the paths of its placements; for WayBack::down.
  std::map<std::string, std::shared_ptr<const migrations::MigrationSet>> standing;
};

// Of a component of migrations: what it holds, who asks for it and when.
struct DatabaseWish {
  std::shared_ptr<const migrations::MigrationSet> migrations;
  databases::Author author;
  Time now;
  std::string version_before;          // of the release that stands; empty: none
  bool fenced = false;                 // users are kept out from before the backup to the commit
  bool fenced_until_activate = false;  // or only until what writes is started again
  DataRequest way_back;
};

}  // namespace sealift::installer
