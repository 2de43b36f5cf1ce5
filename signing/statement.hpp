// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is signed: an in-toto Statement v1 (in-toto/attestation spec v1) whose one subject is the
// release, named by D. Made once at build; every approval signs its exact bytes. It is indented,
// and sums the release up, because a person reads it before signing.

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/digest.hpp"

namespace sealift::signing {

inline constexpr std::string_view kPredicateType = "https://sealift.dev/release/v1";
inline constexpr std::size_t kMaxStatementBytes = 1U << 20;

struct Statement {
  std::string name;  // of the release
  Digest release;    // D, the subject
  std::string version;
  std::vector<std::string> environments;
  Time created;
  std::string source_revision;       // empty: not recorded
  std::vector<std::string> summary;  // lines for people

  friend bool operator==(const Statement&, const Statement&) = default;
};

std::string to_text(const Statement& statement);
// Strict: exactly the bytes that to_text() writes. Error{corrupt}.
Statement parse_statement(std::string_view text, const std::string& where);

}  // namespace sealift::signing
