// SPDX-License-Identifier: Apache-2.0
#include "signing/bech32.hpp"

#include <sodium.h>

#include <array>
#include <cstdint>
#include <vector>

namespace sealift::signing {

namespace {

constexpr std::size_t kBytes = 32;
constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

std::uint32_t checksum(std::string_view prefix, const std::vector<unsigned>& values) {
  constexpr std::array<std::uint32_t, 5> kGenerator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
                                                       0x3d4233dd, 0x2a1462b3};
  std::uint32_t state = 1;
  const auto step = [&](unsigned value) {
    const std::uint32_t top = state >> 25;
    state = (state & 0x1ffffff) << 5 ^ value;
    for (std::size_t i = 0; i < kGenerator.size(); ++i) {
      if ((top >> i & 1U) != 0) state ^= kGenerator[i];
    }
  };
  for (const char c : prefix) step(static_cast<unsigned char>(c) >> 5);
  step(0);
  for (const char c : prefix) step(static_cast<unsigned char>(c) & 31U);
  for (const unsigned value : values) step(value);
  return state;
}

// Bits in groups of another size; the last group is filled with zeros.
std::vector<unsigned> regroup(const std::vector<unsigned>& values, unsigned from, unsigned to) {
  std::vector<unsigned> result;
  unsigned held = 0;
  unsigned bits = 0;
  for (const unsigned value : values) {
    held = (held << from | value) & 0xFFFU;
    bits += from;
    while (bits >= to) {
      bits -= to;
      result.push_back(held >> bits & ((1U << to) - 1));
    }
  }
  if (bits > 0) result.push_back(held << (to - bits) & ((1U << to) - 1));
  return result;
}

}  // namespace

std::string to_bech32(std::string_view prefix, std::string_view bytes) {
  std::vector<unsigned> octets;
  for (const char c : bytes) octets.push_back(static_cast<unsigned char>(c));
  std::vector<unsigned> values = regroup(octets, 8, 5);
  sodium_memzero(octets.data(), octets.size() * sizeof(unsigned));
  std::vector<unsigned> padded = values;
  padded.insert(padded.end(), 6, 0);
  const std::uint32_t sum = checksum(prefix, padded) ^ 1U;
  for (unsigned i = 0; i < 6; ++i) values.push_back(sum >> 5 * (5 - i) & 31U);
  std::string text(prefix);
  text += '1';
  for (const unsigned value : values) text += kAlphabet[value];
  return text;
}

std::string from_bech32(std::string_view text, std::string_view prefix) {
  constexpr std::size_t kCharacters = 52 + 6;
  if (text.size() != prefix.size() + 1 + kCharacters || !text.starts_with(prefix) ||
      text[prefix.size()] != '1') {
    return "";
  }
  std::vector<unsigned> values;
  for (const char c : text.substr(prefix.size() + 1)) {
    const std::size_t place = kAlphabet.find(c);
    if (place == kAlphabet.npos) return "";
    values.push_back(static_cast<unsigned>(place));
  }
  if (checksum(prefix, values) != 1) return "";
  values.resize(values.size() - 6);
  const std::vector<unsigned> octets = regroup(values, 5, 8);
  // 52 characters hold 260 bits: four are left, and zero.
  if (octets.size() != kBytes + 1 || octets.back() != 0) return "";
  std::string key;
  for (std::size_t i = 0; i < kBytes; ++i) key += static_cast<char>(octets[i]);
  return key;
}

}  // namespace sealift::signing
