// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a placement of units of systemd remembers: all that running them takes
// beside their files, with its one reader and its one writer. The reader is
// strict: Error{corrupt} that names the place and the key.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "installer/drivers/runtime/workload_step.hpp"

namespace sealift::installer {

struct UnitSettings {
  std::vector<std::string> files;  // the unit's own first, then its drop-ins
  bool ours = false;               // the unit itself is in the tree
  bool job = false;
  std::string install;  // a digest of its section [Install]; empty: it has none
  std::string inputs;   // a digest of all that it is made of

  friend bool operator==(const UnitSettings&, const UnitSettings&) = default;
};

using UnitsSettings = std::map<std::string, UnitSettings>;

struct SystemdSettings {
  std::vector<std::string> command;
  std::string folder;    // systemd's, of units
  std::string path;      // of the target
  unsigned timeout = 0;  // seconds
  UnitsSettings units;

  friend bool operator==(const SystemdSettings&, const SystemdSettings&) = default;
};

Json to_json(const SystemdSettings& settings);
SystemdSettings systemd_settings_from_json(const Json& value, const std::string& where);
SystemdSettings systemd_settings_of(const Deployment& deployment);
// The files of all units: what gets a link in systemd's folder.
std::set<std::string> links_of(const SystemdSettings& settings);

}  // namespace sealift::installer
