// SPDX-License-Identifier: Apache-2.0
#pragma once

// Timestamps of RFC 3161: the signed word of another party that a digest was there at a time. The
// request is a file that a person carries to it, the answer a file that comes back; nobody is asked
// over a network.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/digest.hpp"

namespace sealift::signing {

inline constexpr std::uint64_t kMaxTimestampBytes = 256U << 10;

// TimeStampReq in DER for SHA-256. It asks for the certificate, and has no nonce: the answer is
// compared with the digest, and so nothing of the request must be remembered until it comes.
std::string timestamp_request(const Digest& digest);

struct TimestampQuestion {
  std::string_view answer;       // TimeStampResp in DER
  std::string_view authorities;  // PEM: the signer's certificates must lead to one of these
};

struct TimestampVerdict {
  std::string mistake;  // empty: it is good
  Time time;            // that the other party says; also of one that cannot be believed
  Digest digest;        // that it is about: whoever asks compares it
  std::string signer;   // subject of its certificate
};

// Certificates are judged as of the time in the answer, so that it stays good when they expire; who
// is to believe it longer than its algorithms live has it timestamped again. Never throws because
// of what is in the files.
TimestampVerdict judge_timestamp(const TimestampQuestion& question);

}  // namespace sealift::signing
