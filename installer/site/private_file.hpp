// SPDX-License-Identifier: Apache-2.0
#pragma once

// Files that hold a key: for their owner alone.

#include <cstdint>

#include "base/file.hpp"
#include "signing/secret.hpp"

namespace sealift::installer {

// False where nothing is there.
bool is_open_to_others(const fs::path& file);

// At most `limit` bytes. Error{untrusted} where others than its owner may read it.
signing::Secret read_private_file(const fs::path& file, std::uint64_t limit);

}  // namespace sealift::installer
