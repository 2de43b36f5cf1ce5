// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which fields of an object on a server are not as its release says, and who has changed them.

#include <vector>

#include "installer/driver/difference.hpp"
#include "installer/drivers/kubernetes/readiness.hpp"

namespace sealift::installer {

// `merged`: what the server would make of the object if it were applied. Fields that the release
// does not name are the same in both, so an autoscaler's replicas are none of them. No content of a
// Secret is told.
std::vector<Difference> changed_fields(const Json& live, const Json& merged);

}  // namespace sealift::installer
