// SPDX-License-Identifier: Apache-2.0
#pragma once

// How two texts differ, line by line, as `diff -u` writes it without the names of files.

#include <string>
#include <string_view>
#include <vector>

namespace sealift::installer {

// Lines that begin with "@@", " ", "-" or "+"; none where the texts are the same. Of very long
// texts all that lies between their common beginning and end counts as replaced.
std::vector<std::string> text_diff(std::string_view before, std::string_view after);

}  // namespace sealift::installer
