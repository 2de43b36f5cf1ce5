// SPDX-License-Identifier: Apache-2.0
#pragma once

// Keys. Public keys are minisign .pub files or OpenSSH ssh-ed25519 lines; secret keys at rest are
// minisign secret-key files (jedisct1/minisign 0.11, src/minisign.h), so `minisign -G` makes ours
// and `minisign -S` uses them. Ed25519 is pure (RFC 8032), through libsodium.

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "signing/secret.hpp"

namespace sealift::signing {

// ECDSA P-256 is to become the second.
enum class Algorithm { ed25519 };

inline constexpr std::size_t kMaxKeyFile = 4096;

class PublicKey {
 public:
  using Bytes = std::array<unsigned char, 32>;
  explicit PublicKey(const Bytes& bytes) : bytes_(bytes) {}
  // Throws Error{corrupt} unless `hex` is 64 lower-case hex digits (TUF's keyval.public).
  static PublicKey from_hex(std::string_view hex);

  Algorithm algorithm() const { return Algorithm::ed25519; }
  const Bytes& bytes() const { return bytes_; }
  std::string hex() const;
  // The TUF key id: SHA-256, in hex, of the canonical JSON of the key object.
  std::string id() const;
  bool verifies(std::string_view message, std::string_view signature) const;

  friend auto operator<=>(const PublicKey&, const PublicKey&) = default;

 private:
  Bytes bytes_;
};

// Accepts either file form: exactly one key, a newline at the end is optional, a comment has at
// most 1024 bytes and no control character. Throws Error{invalid_input} that names `where`.
PublicKey parse_public_key(std::string_view text, const std::string& where);

// How hard a passphrase is to guess: scrypt's cost as libsodium counts it.
struct PassphraseCost {
  std::uint64_t operations = 33554432;  // minisign's default (SENSITIVE)
  std::uint64_t memory = std::uint64_t{1} << 30;
};

class SecretKey {
 public:
  static SecretKey generate();
  // The key that RFC 8032 derives from `seed`, with the same key number each time.
  static SecretKey from_seed(std::span<const unsigned char, 32> seed);
  // Reads a minisign secret-key file. `passphrase` is asked only where the key is encrypted.
  // Throws Error{invalid_input} for another file, or one whose passphrase would take more than
  // 1 GiB of memory; Error{untrusted} for a wrong passphrase; Error{corrupt} for a damaged key.
  static SecretKey parse(std::string_view text, const std::string& where,
                         const std::function<Secret()>& passphrase);

  const PublicKey& public_key() const { return public_key_; }
  // 64 bytes.
  std::string sign(std::string_view message) const;
  // minisign's secret-key file; unencrypted without a passphrase.
  std::string to_file(const Secret* passphrase, const PassphraseCost& cost = {}) const;
  // minisign's public-key file.
  std::string to_public_file() const;

 private:
  SecretKey(Secret key, std::string number);
  Secret key_;          // 64 bytes: seed and public key
  std::string number_;  // minisign's key number, 8 bytes
  PublicKey public_key_;
};

}  // namespace sealift::signing
