// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whole numbers as bytes, the least significant first, as Zstandard's container and our own binary
// forms have them.

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace sealift {

template <std::unsigned_integral Number>
void put_little(std::string& bytes, Number value) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    bytes += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  }
}

// Of the first bytes, which must be there.
template <std::unsigned_integral Number>
Number little(std::string_view bytes) {
  Number value = 0;
  for (std::size_t i = sizeof value; i-- > 0;) {
    value = static_cast<Number>(value << 8 | static_cast<unsigned char>(bytes[i]));
  }
  return value;
}

}  // namespace sealift
