// SPDX-License-Identifier: Apache-2.0
#pragma once

// A transaction that has not ended, for whoever must decide: what was begun, what could not be
// taken back, what stands where, and the commands to go on with.

#include <string>

#include "installer/session/changing.hpp"

namespace sealift::installer {

// `site` is what --site said. The JSON says the same. While an installer still works on it, that is
// said and nothing else; otherwise the session's status becomes that of needs_operator.
Json show_unfinished(const SiteWork& work, const State& state, const std::string& site,
                     cli::Session& session);

}  // namespace sealift::installer
