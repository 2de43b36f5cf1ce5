// SPDX-License-Identifier: Apache-2.0
#include "base/count.hpp"

#include "base/format.hpp"

namespace sealift {

std::string count_text(std::uint64_t count, std::string_view noun) {
  return format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace sealift
