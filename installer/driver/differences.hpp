// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a placement differs from what was put there, asked of its driver.

#include <vector>

#include "installer/driver/driver.hpp"

namespace sealift::installer {

// Whether the files of a placement are looked at: not at a glance where they are too many.
bool looks_at_files(const Placement& placement, Thoroughness thoroughness);

// How the files, or images, of a placement differ from what was put there; one that is not what is
// served differs, too. An Error of the driver passes through: what cannot be asked is no
// difference.
std::vector<Difference> files_differ(const Driver& driver, const Placement& placement,
                                     Thoroughness thoroughness, Content& content);

// The same, and how what runs of it differs from what should run.
std::vector<Difference> differences_of(const Driver& driver, const Placement& placement,
                                       Thoroughness thoroughness, Content& content);

}  // namespace sealift::installer
