// SPDX-License-Identifier: Apache-2.0
#pragma once

// What somebody meant who mistyped a word.

#include <string>
#include <string_view>
#include <vector>

namespace sealift {

// The one of `known` that a person most likely meant by `typed`; empty where none is near. Two
// letters that changed places count as one mistake.
std::string nearest(std::string_view typed, const std::vector<std::string>& known);

}  // namespace sealift
