// SPDX-License-Identifier: Apache-2.0
#include "signing/timestamp.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

// Answers are signed, so no input is good without a certificate.
const Target kTimestamp("timestamp", [](std::string_view bytes) {
  const signing::TimestampVerdict verdict =
      signing::judge_timestamp({.answer = bytes, .authorities = {}});
  require(!verdict.mistake.empty(), "nothing is good that no authority has signed");
});

}  // namespace sealift::fuzz
