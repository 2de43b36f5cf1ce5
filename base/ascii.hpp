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

constexpr bool is_letter(char c) {
  return is_small_letter(c) || is_capital_letter(c);
}

constexpr bool is_letter_or_digit(char c) {
  return is_letter(c) || is_digit(c);
}

}  // namespace sealift
