// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whose unchanging files a release keeps reachable: the releases that stood at the same place
// before it, newest first, each tree once however often it stood there.

#include <string>
#include <vector>

#include "installer/content/content.hpp"
#include "installer/records/placement.hpp"
#include "installer/records/state.hpp"
#include "installer/site/layout.hpp"
#include "release/documents/carried_assets.hpp"

namespace sealift::installer {

// Settings of the placement `wanted` of a component that says `assets`; null where it keeps
// nothing.
Json kept_settings_for(const Placement& wanted, const release::CarriedAssets& assets,
                       const State& state, const Layout& layout);

// True where some revision has kept files at the path of a target. So that a folder PATH/kept of
// somebody else's is told from ours.
bool has_kept_at(const State& state, const std::string& path);

// What a person should know of the files that `wanted` would keep: names that do change their
// content. Error{incompatible} where the trees cannot stand in one folder.
std::vector<std::string> kept_warnings(const Placement& wanted, Content& content);

}  // namespace sealift::installer
