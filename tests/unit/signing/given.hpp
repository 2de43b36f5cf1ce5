// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tests of this room start from: the same keys each time, and a look at what was thrown.

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "signing/secret_key.hpp"

namespace sealift::signing {

// The `number`th key; always the same one.
inline SecretKey given_key(unsigned char number) {
  std::array<unsigned char, 32> seed{};
  seed.fill(number);
  return SecretKey::from_seed(seed);
}

inline Signer given_signer(unsigned char number) {
  return signer_with(given_key(number));
}

// Cheap enough for tests.
inline constexpr PassphraseCost kQuick{.operations = 32768, .memory = 1 << 20};

inline Secret secret(std::string text) {
  return Secret::taken_from(text);
}

// The Error that `work` throws; fails the test where it throws none.
template <typename Work>
Error error_of(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  FAIL("no Error was thrown");
  throw;  // not reached
}

// The same text with the first `from` replaced; fails the test where there is none.
inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace sealift::signing
