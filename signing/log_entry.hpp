// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a transparency log says of a signature (Rekor 1 of Sigstore): an entry, and the log's signed
// promise to have taken it in at a time. Both come with the signature, so nobody is asked. All
// failures are Error{untrusted} without a place.

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/json.hpp"

namespace sealift::signing {

struct LogEntry {
  std::string body;     // the entry, in JSON
  Time time;            // when the log took it in
  std::string message;  // what the promise signs
  std::string promise;  // a signature by the log's key
};

// As cosign's annotation dev.sigstore.cosign/bundle has it.
LogEntry parse_log_annotation(std::string_view text);
// One of tlogEntries of a Sigstore bundle.
LogEntry log_entry_of_bundle(const Json& value);

// Whose signature over what an entry is about.
struct Logged {
  Digest payload;
  std::vector<std::string> signatures;
  std::vector<std::string> certificates;  // PEM
};
// An entry of the kinds hashedrekord 0.0.1 and dsse 0.0.1. Error{untrusted} for an entry of another
// kind.
Logged parse_logged(std::string_view body);

}  // namespace sealift::signing
