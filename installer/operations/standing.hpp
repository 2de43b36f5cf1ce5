// SPDX-License-Identifier: Apache-2.0
#pragma once

// What stands on a site, asked of its drivers: for `drift`, and where a transaction has not ended
// and a person must decide.

#include <optional>
#include <string>
#include <vector>

#include "installer/driver/differences.hpp"
#include "installer/operations/tools.hpp"
#include "installer/records/state.hpp"

namespace sealift::installer {

// One placement, and how its target differs from it.
struct Standing {
  Placement placement;
  std::vector<Difference> differences;
  std::string unknown;         // why it could not be asked; empty: it was
  bool files_skipped = false;  // they are too many for a glance

  bool is_sound() const { return unknown.empty() && differences.empty(); }
};

// Every placement of a revision, each as far as it can be asked; throws nothing for one that
// cannot.
std::vector<Standing> standing_of(const Tools& tools, const Revision& revision,
                                  Thoroughness thoroughness);

// One line for each placement that is not as it was installed, but for databases and for those that
// `plan` brings about again.
std::vector<std::string> drift_of(const Tools& tools, const Revision& revision, const Plan& plan);

// "/srv/web/releases/1.0.0-0123456789ab", "database:main"
std::string place_of(const Placement& placement);

// "stands", or how it does not.
std::string text(const Standing& standing);
Json to_json(const Standing& standing);

}  // namespace sealift::installer
