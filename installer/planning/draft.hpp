// SPDX-License-Identifier: Apache-2.0
#pragma once

// A plan in the making, with what people and the planner want to know of it.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "installer/driver/driver.hpp"
#include "installer/drivers/databases/database_wish.hpp"
#include "installer/records/check.hpp"
#include "installer/records/flags.hpp"
#include "installer/records/plan.hpp"
#include "installer/records/site_change.hpp"
#include "release/values/environment.hpp"

namespace sealift::installer {

// What happens to the files, or images, of one component.
struct ComponentChange {
  std::string component;
  std::string target;
  std::string path;
  std::uint64_t added = 0;
  std::uint64_t changed = 0;
  std::uint64_t removed = 0;
  std::uint64_t same = 0;
  std::uint64_t new_bytes = 0;  // of files added and changed
  bool images = false;          // what is counted is images, not files

  bool nothing() const { return added + changed + removed == 0; }
};

// Space that a step takes on the file system of `path`.
struct Need {
  std::string path;
  std::uint64_t bytes;
  std::uint64_t inodes;
};

// What becomes of a release whose steps have all been applied, and whose health was asked.
enum class Ends { installed, taken_back };

struct Draft {
  Plan plan;
  Ends ends = Ends::installed;  // taken_back: of a rehearsal
  std::vector<ComponentChange> changes;
  std::vector<Need> needs;
  std::vector<std::string> warnings;
  std::vector<std::string> details;     // of migrations: what they are, for people
  std::vector<std::string> flags = {};  // what becomes of flags that the site has changed
  release::Values set = {};             // what --set gave, kept with the revision
  // Of the release that is installed already: what is not as it was installed.
  std::vector<std::string> drift = {};
  std::vector<SiteChange> site_changes = {};  // of what the site is for
  Health health = {};              // of the release that will stand, kept with the revision
  Json evidence = Json::object();  // what the audit log says beside the plan's own

  // Hooks that run behind the commit; none where it is no apply.
  std::vector<RenderedHook> last_hooks() const;
};

// Who asks, and why.
struct Request {
  Purpose purpose;
  std::string actor;
  std::string reason;
  Time now;
  DataRequest data = {};
  release::Values set = {};  // of --set
  FlagChanges flags = {};    // of a site that has no release yet: those of the one that it was
  std::vector<std::string> without_checks = {};  // names of health checks that are not asked
};

}  // namespace sealift::installer
