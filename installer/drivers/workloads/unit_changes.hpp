// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is to be done to units of systemd from one release to the next, told from what both remember
// of them. Nothing here asks systemd.

#include <array>
#include <string>
#include <vector>

#include "installer/drivers/workloads/systemd_settings.hpp"

namespace sealift::installer {

// Names of units. Those of `gone` and `take_up` may be patterns (NAME@*.service, every instance of
// a template), which systemctl takes for what is loaded.
struct UnitChanges {
  std::vector<std::string> gone;       // ours, to be stopped
  std::vector<std::string> disable;    // what `enable` made of them is not wanted any more
  std::vector<std::string> restart;    // started by us, and made otherwise
  std::vector<std::string> take_up;    // made otherwise; restarted where they run
  std::vector<std::string> start;      // shall run, and are made as before or new
  std::vector<std::string> installed;  // shall run
  std::vector<std::string> stop = {};  // before anything is restarted
};

UnitChanges changes_between(const UnitsSettings& was, const UnitsSettings& is);

// Sockets, then the others: a socket that is stopped with its service would have systemd start the
// service again for a client that waits.
std::array<std::vector<std::string>, 2> sockets_first(std::vector<std::string> units);

// The service that a socket starts where it says nothing else; empty of what is no socket.
std::string service_of(const std::string& unit);

// Without the patterns.
std::vector<std::string> plain_names(std::vector<std::string> units);

}  // namespace sealift::installer
