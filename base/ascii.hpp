// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a byte of ASCII is, whatever the locale says; a byte of anything else is nothing of it.

namespace sealift {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

constexpr bool is_small_letter(char c) {
  return c >= 'a' && c <= 'z';
}

constexpr bool is_capital_letter(char c) {
  return c >= 'A' && c <= 'Z';
}

}  // namespace sealift
