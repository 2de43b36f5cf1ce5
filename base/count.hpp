// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sealift {

// "1 file", "2 files"
std::string count_text(std::uint64_t count, std::string_view noun);

}  // namespace sealift
