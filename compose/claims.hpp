// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a Compose file asks of the host beyond containers of its own (release/documents/allow.hpp).
// Of every service, also of those with a profile, for a file .env of the release may choose
// profiles. What depends on a variable is asked for: nobody knows its value before the engine does.

#include <string>
#include <vector>

#include "compose/document.hpp"
#include "release/documents/allow.hpp"

namespace sealift::compose {

// `root`: the whole file, its merges resolved.
std::vector<release::Claim> compose_claims(const Document& document);

}  // namespace sealift::compose
