// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a release asks of the site and the host that it comes to.

#include "bundle/reader.hpp"
#include "installer/records/state.hpp"
#include "installer/site/installation.hpp"

namespace sealift::installer {

// Whether a release older than the current one may follow it.
enum class Floor {
  kept,
  waived,  // disaster recovery: an explicit, audited act
};

// Throws Error{untrusted} for a release below the floor, Error{incompatible} for one that is not
// for this site, host or installed version, naming what to carry instead.
void check_requirements(const bundle::Contents& contents, const Installation& installation,
                        const State& state, Floor floor);

}  // namespace sealift::installer
