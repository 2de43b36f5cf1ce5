// SPDX-License-Identifier: Apache-2.0
#pragma once

// From a release's checks and hooks to those of one site.

#include <vector>

#include "bundle/reader.hpp"
#include "installer/records/check.hpp"
#include "installer/records/placement.hpp"
#include "installer/site/installation.hpp"

namespace sealift::installer {

// `values` as values_for() gives them; `placements` are what will stand. Checks of containers of an
// optional component that the site does not take are left out. Throws Error{incompatible} with
// everything that cannot be asked here: values that are not set, secrets, databases and components
// that the site does not have.
Health rendered_health(const bundle::Contents& contents, const release::Values& values,
                       const Installation& installation, const std::vector<Placement>& placements);

// Removes checks by their names, for a rehearsal of which they ask no part. Error{usage} where
// there is none of that name.
void leave_out(const std::vector<std::string>& checks, Health& health);

}  // namespace sealift::installer
