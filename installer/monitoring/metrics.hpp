// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a site says of itself in numbers: what is installed since when, how the last transaction
// ended, drift, health, backups, what expires, and what still waits to be told. Times are seconds
// since 1970 and not ages, so that a number that nobody writes any more does not look young.

#include <vector>

#include "installer/monitoring/exposition.hpp"
#include "installer/session/changing.hpp"

namespace sealift::installer {

// Changes nothing and takes no lock. What cannot be asked is left out, with a warning: the rest is
// known. Health is what was found last; drift is looked at as `status` does.
std::vector<Family> metrics_of(const SiteWork& work, const Clock& clock);

}  // namespace sealift::installer
