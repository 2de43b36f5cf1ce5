// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a release in a bucket differs from what was put there. A glance, and a look by receipt, cost
// one listing for each 1,000 objects: an object with the etag that we were given is believed. Any
// other is asked for what the store says of it. A look by content reads every object.

#include <vector>

#include "installer/driver/difference.hpp"
#include "installer/drivers/s3/s3_place.hpp"
#include "installer/records/placement.hpp"

namespace sealift::installer {

// At most 1000 differences, by path in the component. Of a release that users see their objects are
// looked at too, and strangers where they are asked for.
std::vector<Difference> differences_in(const Placement& placement, Thoroughness thoroughness,
                                       Strangers strangers, const S3Place& place, Content& content);

}  // namespace sealift::installer
