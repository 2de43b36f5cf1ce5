// SPDX-License-Identifier: Apache-2.0
#pragma once

// Parts of site.yaml that say what is kept, and where. They have been held against the schema.

#include <array>
#include <optional>
#include <string>

#include "base/json.hpp"
#include "release/site_file/site.hpp"

namespace sealift::release {

// A path without "." and ".." and a slash at its end.
std::string normalised(const std::string& path);
// `keys` are those of the numbers; without one of a count there are `usual`.
KeepRule read_rule(const Json& said, const std::array<const char*, 3>& keys,
                   std::optional<unsigned> usual);
Exports read_exports(const Json& said);
BackupCopy read_copy(const Json& said);

}  // namespace sealift::release
