// SPDX-License-Identifier: Apache-2.0
#pragma once

// Releases in a bucket that no placement needs, by their own inventories.

#include <set>
#include <string>
#include <vector>

#include "installer/drivers/s3/s3_place.hpp"
#include "installer/records/placement.hpp"

namespace sealift::installer {

// The directories of `known` at this place, those whose unchanging files they keep, and what waits
// for the next attempt.
std::set<std::string> needed_in(const std::vector<Placement>& known, const S3Place& place);
// Those that the bucket has beside them.
std::vector<std::string> unneeded_in(const std::set<std::string>& needed, const S3Place& place);
// Removes these releases: what only they have, and is still as we have put it there; then their
// inventories. Where none is left, the prefix is nobody's any more.
void remove_releases(const std::vector<std::string>& directories, const S3Place& place);

}  // namespace sealift::installer
