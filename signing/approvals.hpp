// SPDX-License-Identifier: Apache-2.0
#pragma once

// Counts who approved a release. An approval counts when its payload is the statement, byte for
// byte, and a key of the environment's role made its signature; a key counts once, whatever ids it
// is given.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "signing/dsse.hpp"
#include "signing/root.hpp"

namespace sealift::signing {

struct Approvals {
  std::vector<PublicKey> by;         // distinct, trusted
  std::vector<std::string> missing;  // names of the keys that have not signed
  unsigned threshold = 1;
  bool enough() const { return by.size() >= threshold; }
};

Approvals count_approvals(const Root& root, const std::string& environment,
                          std::span<const Envelope> envelopes, std::string_view statement);

// Throws Error{untrusted} that says how many are missing.
void require_enough(const Approvals& approvals);

}  // namespace sealift::signing
