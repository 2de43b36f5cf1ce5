// SPDX-License-Identifier: Apache-2.0
#pragma once

// How secrets come to `sealift secret`: the value from a person, a file or random bytes, and the
// identity that opens what is sealed. Neither ever comes as an argument, which every user of the
// machine can see and the shell keeps.

#include <optional>
#include <string>

#include "signing/age.hpp"
#include "signing/secret.hpp"

namespace sealift::builder {

// At most one of both.
struct ValueSource {
  std::optional<int> generate =
      {};                 // random bytes, 16 to 1024; the value is their hexadecimal form
  std::string file = {};  // "-": standard input; empty: a terminal, without echo
};

// The value, without one newline at its end. `what` is what a person is asked for. Error{usage}
// where both sources are named.
signing::Secret value_from(const ValueSource& from, const std::string& what);

// A file of age-keygen; Error{untrusted} where others than its owner may read it.
signing::AgeIdentity load_identity(const std::string& file);

}  // namespace sealift::builder
