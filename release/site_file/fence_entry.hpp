// SPDX-License-Identifier: Apache-2.0
#pragma once

// The fence of site.yaml: two commands, writers on Kubernetes, or both. A writer is one text,
// TARGET/KIND/NAME, so that it is said as a health check and take_over say an object.

#include <vector>

#include "release/site_file/site.hpp"
#include "release/text/yaml.hpp"

namespace sealift::release {

// What the schema has allowed.
Fence read_fence(const Json& value);

// Adds to `mistakes`: one command without the other, neither commands nor writers, and writers of
// a target that is not there or is not Kubernetes. The targets of `site` have been read.
void check_fence(const YamlDocument& document, const Site& site, std::vector<Mistake>& mistakes);

}  // namespace sealift::release
