// SPDX-License-Identifier: Apache-2.0
#include "signing/timestamp.hpp"

#include <catch2/catch.hpp>

namespace sealift::signing::timestamp_test {

TEST_CASE("timestamp: a request is what RFC 3161 says, the same each time") {
  const Digest digest = Digest::of("checkpoint");
  const std::string request = timestamp_request(digest);
  // SEQUENCE { version 1, { sha256, digest }, certReq TRUE }
  CHECK(to_hex(request) ==
        "3039020101"
        "3031300d060960864801650304020105000420" +
            digest.hex() + "0101ff");
  CHECK(timestamp_request(digest) == request);
}

TEST_CASE("timestamp: what is no answer is a mistake and never an exception") {
  const std::string request = timestamp_request(Digest::of("checkpoint"));
  // PKIStatusInfo { rejection }, without a token
  const std::string rejected = bytes_from_hex("30053003020102");
  for (const std::string& answer : {std::string(), std::string("garbage"), request, rejected}) {
    const TimestampVerdict verdict = judge_timestamp({.answer = answer, .authorities = ""});
    CHECK_FALSE(verdict.mistake.empty());
  }
  CHECK(judge_timestamp({.answer = rejected, .authorities = ""}).mistake.find("refused") !=
        std::string::npos);
}

}  // namespace sealift::signing::timestamp_test
