// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Digest names content by its SHA-256. Whatever is stored, signed or installed is referred to
// by Digest; a file name proves nothing.
// Text form: "sha256:" and 64 lower-case hex digits, and no other spelling.

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/stream.hpp"

namespace sealift {

class Digest {
 public:
  // Throws Error{invalid_input} unless `text` is exactly the text form.
  static Digest parse(std::string_view text);
  // Throws Error{invalid_input} unless `hex` is 64 lower-case hex digits.
  static Digest from_hex(std::string_view hex);
  static Digest from_bytes(const std::array<unsigned char, 32>& bytes) { return Digest(bytes); }
  // The digest of `bytes`.
  static Digest of(std::string_view bytes);

  std::string str() const { return "sha256:" + hex(); }
  std::string hex() const;
  // The first twelve hex digits: enough for people and directory names, never for trust.
  std::string short_hex() const { return hex().substr(0, 12); }
  const std::array<unsigned char, 32>& bytes() const { return bytes_; }

  friend auto operator<=>(const Digest&, const Digest&) = default;

 private:
  explicit Digest(const std::array<unsigned char, 32>& bytes) : bytes_(bytes) {}
  std::array<unsigned char, 32> bytes_;
};

// Computes a Digest piece by piece. Bytes may come in parts of any size. One thread uses a Hasher.
class Hasher {
 public:
  Hasher();
  void update(std::string_view bytes);
  // The digest of everything since construction or the last finish(); starts anew.
  Digest finish();

 private:
  struct State;
  struct Free {
    void operator()(State* state) const;
  };
  std::unique_ptr<State, Free> state_;
};

// Passes bytes on and hashes and counts them. `next` outlives it.
class HashingSink : public Sink {
 public:
  explicit HashingSink(Sink& next) : next_(next) {}
  void write(std::string_view bytes) override;
  std::uint64_t size() const { return size_; }
  Digest finish() { return hasher_.finish(); }

 private:
  Sink& next_;
  Hasher hasher_;
  std::uint64_t size_ = 0;
};

// Lower-case hexadecimal and back; from_hex throws Error{invalid_input} on any other character.
std::string to_hex(std::string_view bytes);
std::string bytes_from_hex(std::string_view hex);

}  // namespace sealift
