// SPDX-License-Identifier: Apache-2.0
#pragma once

// Pods read most of their configuration when they start. A workload whose pods use a ConfigMap or a
// Secret of the release has an annotation with the digest of those, so that a change of one
// replaces the pods as a change of their own does.

#include <vector>

#include "base/json.hpp"

namespace sealift::kubernetes {

inline constexpr const char* kConfigMark = "org.sealift.config";  // of templates of pods

// `bodies` are all objects of a component, as they go to a server but for the values of secrets.
// Jobs stay what they are: nothing of theirs can be changed.
void add_config_marks(std::vector<Json>& bodies);

}  // namespace sealift::kubernetes
