// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every secret that a site knows, for who has to take them out of a text.

#include <string>
#include <vector>

#include "installer/content/redaction.hpp"
#include "installer/session/changing.hpp"

namespace sealift::installer {

inline constexpr std::size_t kJournals = 3;  // of the last transactions, that a bundle has

// Of site.yaml, of its own keys, and of the releases that are installed, staged, may be returned to
// or were tried in one of the last kJournals transactions. What cannot be opened is a note.
void add_secrets_of(const SiteWork& work, const State& state, Redaction& redaction,
                    std::vector<std::string>& notes);

}  // namespace sealift::installer
