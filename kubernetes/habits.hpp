// SPDX-License-Identifier: Apache-2.0
#pragma once

// What manifests leave out that people miss at night: told in CI, as findings that can be waived.
// Only of kinds of Kubernetes itself, whose defaults are known.

#include <vector>

#include "kubernetes/manifests.hpp"

namespace sealift::kubernetes {

// Of all objects of a component together: a budget for disruptions is an object of its own.
std::vector<Finding> find_habits(const std::vector<Object>& objects);

// Ids, for waivers.
inline constexpr const char* kResources = "resources";
inline constexpr const char* kReadiness = "readiness-probe";
inline constexpr const char* kSecurity = "security-context";
inline constexpr const char* kBudget = "disruption-budget";
inline constexpr const char* kProtocol = "service-protocol";

}  // namespace sealift::kubernetes
