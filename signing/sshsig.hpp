// SPDX-License-Identifier: Apache-2.0
#pragma once

// Signatures of `ssh-keygen -Y sign` (OpenSSH's PROTOCOL.sshsig), also by an agent or a FIDO2 token
// (PROTOCOL.u2f).

#include <cstdint>
#include <string>
#include <string_view>

#include "signing/public_key.hpp"

namespace sealift::signing {

// What a signature must have been made for: `ssh-keygen -Y sign -n sealift-release`.
inline constexpr std::string_view kSshNamespace = "sealift-release";
inline constexpr std::size_t kMaxSshSignature = 16384;

class SshSignature {
 public:
  // The armoured text, strictly: lines of 70 characters, one newline behind the last line.
  // Throws Error{corrupt}, also for another namespace, hash or kind of key than ours.
  static SshSignature parse(std::string_view text, const std::string& where);

  // The key that claims to have signed.
  const PublicKey& key() const { return key_; }
  // Whether key() signed `message`; a token must have seen a person (user presence).
  bool verifies(std::string_view message) const;

 private:
  explicit SshSignature(PublicKey key) : key_(std::move(key)) {}
  PublicKey key_;
  std::string hash_;        // sha256 or sha512
  std::string signature_;   // as the algorithm spells it; P-256 in DER
  std::uint8_t flags_ = 0;  // of a token
  std::uint32_t counter_ = 0;
};

// By its first line.
bool is_ssh_signature(std::string_view text);

}  // namespace sealift::signing
