// SPDX-License-Identifier: Apache-2.0
#pragma once

// Commands of a site that need secrets: they find them in their environment, never among their
// arguments, which every user of the host may read.

#include <optional>
#include <string>
#include <vector>

#include "base/process.hpp"
#include "installer/content/content.hpp"

namespace sealift::installer {

// As run(). What the command says of a secret is taken out of its output, as it is and as JSON,
// base64 and URLs spell it (redaction.hpp); which is why nothing but words for people may be read
// there. Each key becomes a variable of that name; our copies of the values are wiped.
std::optional<Outcome> run_with_secrets(Command command, const std::vector<std::string>& keys,
                                        Content& content);

}  // namespace sealift::installer
