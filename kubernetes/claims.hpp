// SPDX-License-Identifier: Apache-2.0
#pragma once

// What pods of a release ask of their node beyond what is their own. A site that is its cluster's
// only node must allow it as it does for containers (release/documents/allow.hpp).

#include <vector>

#include "kubernetes/object.hpp"
#include "release/documents/allow.hpp"

namespace sealift::kubernetes {

std::vector<release::Claim> claims_of(const std::vector<Object>& objects);

}  // namespace sealift::kubernetes
