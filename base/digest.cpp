// SPDX-License-Identifier: Apache-2.0
#include "base/digest.hpp"

// The low-level interface keeps OpenSSL's fast SHA-NI code and needs neither providers nor a
// configuration file, which an installer must not read before it trusts anything.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift {

namespace {

constexpr std::string_view kPrefix = "sha256:";
constexpr std::string_view kHexDigits = "0123456789abcdef";

// A table and no comparisons: the file table of a large release has millions of digits.
constexpr std::array<signed char, 256> kHexValues = [] {
  std::array<signed char, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kHexDigits.size(); ++i) {
    values[static_cast<unsigned char>(kHexDigits[i])] = static_cast<signed char>(i);
  }
  return values;
}();

int hex_value(char c) {
  return kHexValues[static_cast<unsigned char>(c)];
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto value = static_cast<unsigned char>(c);
    hex += kHexDigits[value >> 4];
    hex += kHexDigits[value & 15];
  }
  return hex;
}

std::string bytes_from_hex(std::string_view hex) {
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    const int high = hex_value(hex[i]);
    const int low = hex_value(hex[i + 1]);
    if (high < 0 || low < 0) break;
    bytes += static_cast<char>(high * 16 + low);
  }
  if (bytes.size() * 2 != hex.size()) {
    throw Error(Errc::invalid_input, "found other characters than pairs of lower-case hex digits");
  }
  return bytes;
}

Digest Digest::parse(std::string_view text) {
  if (!text.starts_with(kPrefix)) {
    throw Error(Errc::invalid_input,
                format("digest \"{}\", expected \"sha256:\" and 64 lower-case hex digits",
                       printable(text, 80)));
  }
  return from_hex(text.substr(kPrefix.size()));
}

Digest Digest::from_hex(std::string_view hex) {
  std::array<unsigned char, 32> bytes{};
  bool good = hex.size() == 64;
  for (std::size_t i = 0; good && i < bytes.size(); ++i) {
    const int high = hex_value(hex[2 * i]);
    const int low = hex_value(hex[2 * i + 1]);
    good = high >= 0 && low >= 0;
    bytes[i] = static_cast<unsigned char>(high * 16 + low);
  }
  if (!good) {
    throw Error(Errc::invalid_input,
                format("digest \"{}\", expected 64 lower-case hex digits", printable(hex, 80)));
  }
  return Digest(bytes);
}

Digest Digest::of(std::string_view bytes) {
  Hasher hasher;
  hasher.update(bytes);
  return hasher.finish();
}

std::string Digest::hex() const {
  return to_hex({reinterpret_cast<const char*>(bytes_.data()), bytes_.size()});
}

struct Hasher::State {
  SHA256_CTX sha;
};

void Hasher::Free::operator()(State* state) const {
  delete state;
}

Hasher::Hasher() : state_(new State) {
  SHA256_Init(&state_->sha);
}

void Hasher::update(std::string_view bytes) {
  SHA256_Update(&state_->sha, bytes.data(), bytes.size());
}

Digest Hasher::finish() {
  std::array<unsigned char, 32> bytes{};
  SHA256_Final(bytes.data(), &state_->sha);
  SHA256_Init(&state_->sha);
  return Digest::from_bytes(bytes);
}

void HashingSink::write(std::string_view bytes) {
  hasher_.update(bytes);
  size_ += bytes.size();
  next_.write(bytes);
}

}  // namespace sealift
