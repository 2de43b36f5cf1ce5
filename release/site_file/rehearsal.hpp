// SPDX-License-Identifier: Apache-2.0
#pragma once

// A site.yaml made into that of a throw-away site, which stands beside the real one for a while.

#include <map>
#include <string>
#include <string_view>

#include "base/file.hpp"

namespace sealift::release {

// Whether a rehearsal starts what a release would run: its containers get values and secrets of the
// real site, so that a person has to say so.
enum class Runs { nothing, containers };

struct Rehearsal {
  fs::path place;     // a folder: targets and files of SQLite lie in it
  std::string label;  // what databases of PostgreSQL have behind their names
  std::string name;   // of projects and images; a-z 0-9 -
  Runs runs = Runs::nothing;
  std::map<std::string, std::string> secrets = {};  // key -> a file that has it, instead
};

// The text of a site.yaml that says the same of the throw-away site. Projects of Compose are
// isolated ones, and engines have images under other names. What would reach users or other
// programs is left out: fence, services, windows, exports, copies of backups, notify, metrics.
// Error{incompatible} with every target and database that cannot be had twice on one host, such as
// units of systemd.
std::string rehearsal_settings(std::string_view text, const std::string& name,
                               const Rehearsal& rehearsal);

}  // namespace sealift::release
