// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a site has lost, or can no longer read, of its own state and of what it serves; each with
// the command that goes on. Reads only; what cannot be asked is a damage, never an Error.

#include <string>
#include <vector>

#include "installer/operations/tools.hpp"
#include "installer/records/state.hpp"

namespace sealift::installer {

struct Damage {
  std::string what;   // "store", "keys", "component web"
  std::string found;  // in words, with the place
  std::string mend;   // what to do next

  friend bool operator==(const Damage&, const Damage&) = default;
};

// Of the state folder, whatever its journals say. For `status` and `doctor`, also on a site on
// which nothing else works any more.
std::vector<Damage> damage_of_state(const Layout& layout, const Clock& clock);

// Files of keys that others than their owner may read.
std::vector<fs::path> open_keys(const Layout& layout);

// Of what the kept releases need, and of what is served.
std::vector<Damage> damage_of_releases(const Tools& tools, const State& state);

// Lines that were cut off the end of the audit log, which its chain does not show: the journals
// know which transaction was the last to end, and each is closed behind its line. Reads all of the
// log.
std::vector<Damage> damage_of_audit_log(const Tools& tools, const State& state);

}  // namespace sealift::installer
