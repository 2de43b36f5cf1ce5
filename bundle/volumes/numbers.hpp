// SPDX-License-Identifier: Apache-2.0
#pragma once

// Numbers of volumes, as people say and type them. A volume's number begins with 1; those of parity
// follow those of data.

#include <string>
#include <string_view>
#include <vector>

namespace sealift::bundle {

// Sorted, each once.
using Numbers = std::vector<unsigned>;

// "volume 3", "volumes 3 and 7", "volumes 1 to 4, 7 and 9": short enough for a telephone.
std::string spoken(const Numbers& numbers);
// "1-4,7,9"
std::string typed(const Numbers& numbers);
// What typed() writes, in any order. Error{usage} that names `option` for anything else.
Numbers parse_numbers(std::string_view text, std::string_view option);

}  // namespace sealift::bundle
