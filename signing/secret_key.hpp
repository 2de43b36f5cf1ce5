// SPDX-License-Identifier: Apache-2.0
#pragma once

// Secret keys. At rest they are minisign secret-key files (jedisct1/minisign 0.11,
// src/minisign.h), so `minisign -G` makes ours and `minisign -S` uses them.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "signing/public_key.hpp"
#include "signing/secret.hpp"
#include "signing/signer.hpp"

namespace sealift::signing {

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
  // 64 bytes of pure Ed25519 (RFC 8032).
  std::string sign(std::string_view message) const;
  // A signature file that `minisign -V` takes for `message`; the trusted comment is one line of
  // plain text of at most 1024 bytes.
  std::string to_minisig(std::string_view message, std::string_view trusted_comment) const;
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

// Signs with `key`, which it keeps.
Signer signer_with(SecretKey key);

}  // namespace sealift::signing
