// SPDX-License-Identifier: Apache-2.0
#include "installer/driver/difference.hpp"

#include "base/format.hpp"

namespace sealift::installer {

std::string text(const Difference& difference) {
  return difference.expected.empty()
             ? difference.found
             : format("{}, expected {}", difference.found, difference.expected);
}

}  // namespace sealift::installer
