// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether a certificate and its key are what a server needs (RFC 5280, RFC 6125; PEM of RFC 7468):
// they belong together, the chain holds, it is good for the names, at this time. RSA of at least
// 2048 bits, ECDSA and Ed25519. Nobody is asked whether it was revoked: neither lists nor OCSP.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace sealift::signing {

inline constexpr std::uint64_t kMaxChainBytes = 1 << 20;
inline constexpr std::uint64_t kMaxAuthoritiesBytes = 4 << 20;
inline constexpr std::uint64_t kMaxTlsKeyBytes = 64 << 10;
inline constexpr std::size_t kMaxCertificates = 16;  // of a chain

struct CertificateQuestion {
  std::string_view chain;        // the server's certificate first, then who signed it
  std::string_view key;          // not encrypted
  std::string_view authorities;  // the chain must end at one of these; empty: it stands for itself
  std::vector<std::string> hosts;  // names, or IP addresses
  unsigned warn_days;
  Time now;
};

struct CertificateVerdict {
  std::vector<std::string> mistakes;  // a server must not use it
  std::vector<std::string> warnings;
  std::string about;  // "CN of the subject, until 2027-01-01T00:00:00Z"; empty: cannot be read
  std::optional<Time> expires = {};  // of the server's certificate; nothing: cannot be read
};

// Says everything that is wrong; never throws because of what is in the files.
CertificateVerdict judge(const CertificateQuestion& question);

// Whether a certificate shows that somebody signed: one for code signing, as Fulcio of Sigstore
// issues it for an identity that another party has confirmed (sigstore/fulcio, certificate
// specification). Nobody is asked, and its certificate transparency is not judged.
struct SignerQuestion {
  std::string_view chain;     // PEM: the signer's certificate first, then who signed it
  std::string_view roots;     // PEM: the chain must end at one of these
  std::string_view identity;  // exactly one of its names: an address of mail, a URI or a DNS name
  std::string_view issuer;    // exactly who confirmed the identity
  Time at;                    // when it signed: every certificate must be valid then
};

struct SignerVerdict {
  std::string mistake;  // empty: it may sign
  std::string spki;     // its key, in DER
};

SignerVerdict judge_signer(const SignerQuestion& question);

}  // namespace sealift::signing
