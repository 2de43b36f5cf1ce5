// SPDX-License-Identifier: Apache-2.0
#pragma once

// Directories of a target that hold already what is wanted there, so that nothing is unpacked. Both
// are empty where there is none.

#include <string>

#include "installer/content/content.hpp"
#include "installer/driver/driver.hpp"
#include "installer/records/state.hpp"
#include "installer/site/installation.hpp"

namespace sealift::installer {

// What `stage` has prepared, or what a release has left that stood here and is kept for a rollback,
// the newest first.
std::string lying_directory(const State& state, const Installation& installation,
                            const Drivers& drivers, const Placement& wanted, Content& content);

// The directory that stands there where only what is kept beside it changes, or what runs from it.
std::string standing_directory(const State& state, const Drivers& drivers, const Placement& wanted,
                               Content& content);

}  // namespace sealift::installer
