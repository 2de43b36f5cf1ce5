// SPDX-License-Identifier: Apache-2.0
#pragma once

// A plan becomes what is installed, or is seen to work and taken back.

#include <vector>

#include "installer/content/content.hpp"
#include "installer/operations/tools.hpp"
#include "installer/planning/draft.hpp"

namespace sealift::installer {

// Space, journal, transaction, then what follows its end. `values` are those of the new revision.
// The lock of the site is held. Throws where the transaction did not commit, and
// Error{needs_operator} also where it did and users are still kept out. Anything else that fails
// behind the commit is a warning: the next command does it, and `status` says so.
void carry_out(const Tools& tools, const Draft& draft, Content& content,
               const release::Values& values, const std::vector<signing::Root>& newer_roots);

}  // namespace sealift::installer
