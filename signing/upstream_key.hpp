// SPDX-License-Identifier: Apache-2.0
#pragma once

// A public key by which another project signs its images: what cosign makes, imports or keeps in a
// KMS. ECDSA over P-256, P-384 and P-521, RSA of 2048 to 8192 bits (PKCS #1 1.5) and Ed25519. Such
// a key never counts for an approval or a root.

#include <string>
#include <string_view>

#include "base/digest.hpp"

namespace sealift::signing {

inline constexpr std::uint64_t kMaxUpstreamKey = 64U << 10;

class UpstreamKey {
 public:
  // Exactly one key in PEM (RFC 7468, SubjectPublicKeyInfo). Error{invalid_input} that names
  // `where`.
  static UpstreamKey parse(std::string_view pem, const std::string& where);
  // From the DER of a SubjectPublicKeyInfo; Error{corrupt} for another kind of key.
  static UpstreamKey from_spki(std::string_view der);

  // SHA-256 is the hash, or for a larger curve the one of its size.
  bool verifies(std::string_view message, std::string_view signature) const;
  // The SHA-256 of its SubjectPublicKeyInfo: what the key is called.
  Digest fingerprint() const { return Digest::of(spki_); }

 private:
  explicit UpstreamKey(std::string spki) : spki_(std::move(spki)) {}
  std::string spki_;
};

}  // namespace sealift::signing
