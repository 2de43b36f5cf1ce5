// SPDX-License-Identifier: Apache-2.0
#pragma once

// The rule on keys below `values:`, shared by environments and sites; a JSON Schema pattern would
// name no line.

#include <vector>

#include "release/schema.hpp"

namespace sealift::release {

void check_value_names(const YamlDocument& document, std::vector<Mistake>& mistakes);

}  // namespace sealift::release
