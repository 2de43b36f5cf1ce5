// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace sealift {

// The lines of a text, in its memory, without the newlines that end them; one at the end of the
// text begins no further line.
std::vector<std::string_view> split_lines(std::string_view text);

}  // namespace sealift
