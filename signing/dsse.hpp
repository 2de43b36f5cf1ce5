// SPDX-License-Identifier: Apache-2.0
#pragma once

// DSSE envelopes (secure-systems-lab/dsse, protocol 1.0.2): a payload, its type, and signatures
// over both. The payload's raw bytes are verified before anything parses them.

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "signing/signer.hpp"

namespace sealift::signing {

inline constexpr std::string_view kStatementType = "application/vnd.in-toto+json";

struct Signature {
  std::string key_id;  // a hint that nothing is decided by; may be empty
  std::string bytes;
};

struct Envelope {
  std::string payload_type;
  std::string payload;
  std::vector<Signature> signatures;
};

// The bytes that are signed: "DSSEv1 SP len(type) SP type SP len(payload) SP payload".
std::string pae(std::string_view type, std::string_view payload);

// With one signature, and the key's id as its hint.
Envelope sign(std::string_view type, std::string_view payload, const Signer& signer);
std::string to_text(const Envelope& envelope);
Json to_json(const Envelope& envelope);
// Strict: at most 16 MiB, canonical base64, no unknown fields, 1 to 64 signatures. Error{corrupt}.
Envelope parse_envelope(std::string_view text, const std::string& where);
Envelope envelope_from_json(const Json& value, const std::string& where);

}  // namespace sealift::signing
