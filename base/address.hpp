// SPDX-License-Identifier: Apache-2.0
#pragma once

// Addresses as messages may name them.

#include <string>
#include <string_view>

namespace sealift {

// Without who logs in by it: "https://...@site/path" of "https://user:password@site/path" (RFC
// 3986, 3.2.1). A password may hold any character, so an "@" of a path counts as well where a user
// name could stand before it. Any other text is as it was.
std::string without_login(std::string_view address);

}  // namespace sealift
