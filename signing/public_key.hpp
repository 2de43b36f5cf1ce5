// SPDX-License-Identifier: Apache-2.0
#pragma once

// Public keys: who may approve a release or change a root. Files that hold one are minisign .pub
// files (jedisct1/minisign 0.11), OpenSSH lines (ssh-ed25519, ecdsa-sha2-nistp256,
// sk-ssh-ed25519@openssh.com) and PEM (RFC 7468, Ed25519 or P-256).

#include <compare>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace sealift::signing {

enum class Algorithm {
  ed25519,
  ecdsa_p256,
  sk_ed25519,  // in a FIDO2 token: signs only through OpenSSH
};

// OpenSSH's name of the algorithm.
std::string_view ssh_type(Algorithm algorithm);

class PublicKey {
 public:
  // These throw Error{corrupt} for anything that is no such key.
  static PublicKey ed25519(std::string_view bytes);
  static PublicKey p256(std::string_view point);
  static PublicKey sk_ed25519(std::string_view bytes, std::string_view application);
  // A key object of TUF 1.0. Error{incompatible} for an algorithm that this program does not know.
  static PublicKey from_tuf(const Json& value, const std::string& where);
  // OpenSSH's wire form (RFC 4253 section 6.6, RFC 5656, OpenSSH's PROTOCOL.u2f).
  static PublicKey from_ssh(std::string_view blob, const std::string& where);

  Algorithm algorithm() const { return algorithm_; }
  // The key itself: 32 bytes, or a point of 65.
  const std::string& bytes() const { return bytes_; }
  // Of a key in a token: what it was made for, such as "ssh:".
  const std::string& application() const { return application_; }

  Json to_tuf() const;
  // SubjectPublicKeyInfo in DER, for other tools. Error{internal} for a key in a token.
  std::string to_spki() const;
  // The same in PEM, as openssl reads it.
  std::string to_pem() const;
  // The TUF key id: SHA-256, in hex, of the canonical form of to_tuf().
  std::string id() const;
  // False for every signature where the key is in a token: it signs no bare messages.
  bool verifies(std::string_view message, std::string_view signature) const;

  friend auto operator<=>(const PublicKey&, const PublicKey&) = default;

 private:
  PublicKey(Algorithm algorithm, std::string_view bytes, std::string_view application)
      : algorithm_(algorithm), bytes_(bytes), application_(application) {}
  Algorithm algorithm_;
  std::string bytes_;
  std::string application_;
};

// Accepts each of the file forms: exactly one key, a newline at the end is optional, a comment has
// at most 1024 bytes and no control character. Throws Error{invalid_input} that names `where`.
PublicKey parse_public_key(std::string_view text, const std::string& where);

// The canonical JSON of TUF (OLPC's): sorted, no white space, and a newline inside a text stands
// for itself. Equal to what `jq -cSj . | sed 's/\\n/\n/g'` prints, because texts in roots hold no
// other control character and no backslash.
std::string tuf_canonical(const Json& value);

}  // namespace sealift::signing
