// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which keys a component of manifests has: that follows from its runtime.

#include <string>
#include <vector>

#include "base/json.hpp"

namespace sealift::release {

struct WorkloadMistake {
  std::string pointer;  // in the component: "/jobs"; empty: the component itself
  std::string found;
  std::string hint = {};
};

// Nothing throws for a form that the schema refuses.
std::vector<WorkloadMistake> workload_mistakes(const Json& component);

}  // namespace sealift::release
