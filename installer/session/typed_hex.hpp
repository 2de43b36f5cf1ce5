// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sealift::installer {

// 64 hex digits as people write down what they hear: capitals, and what stands between groups, do
// not matter. Error{usage} that names the option and ends with `hint`.
std::string typed_hex(const std::string& option, const std::string& typed, const std::string& hint);

}  // namespace sealift::installer
