// SPDX-License-Identifier: Apache-2.0
#pragma once

// The order in which objects are created: an id is known only where the object was made.

#include <vector>

#include "base/error.hpp"
#include "observability/objects.hpp"

namespace sealift::observability {

// By family, then by name, but each behind those that it refers to, such as a composite monitor
// behind others, or an alert of an SLO behind that. Adds every circle to `mistakes`.
std::vector<Object> in_order(std::vector<Object> objects, Problems& mistakes);

}  // namespace sealift::observability
