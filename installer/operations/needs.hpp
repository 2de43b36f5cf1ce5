// SPDX-License-Identifier: Apache-2.0
#pragma once

// What revisions need of the state folder and of the targets.

#include <set>
#include <string>
#include <utility>

#include "installer/records/revision.hpp"
#include "installer/records/state.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

// A directory is told by its path and name: a component may have been renamed.
struct Needs {
  std::set<std::pair<std::string, std::string>> places;  // path, directory
  std::set<std::string> bundles;                         // names in the store
  std::set<std::string> tables;                          // names in the folder of tables

  void add(const Revision& revision);
};

// Of everything that a site has had, and of what it may be in the middle of.
Needs needs_of_history(const State& state);

// Removes every file table that is not needed.
void remove_tables(const Layout& layout, const Needs& needs);

}  // namespace sealift::installer
