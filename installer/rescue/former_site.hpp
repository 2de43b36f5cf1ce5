// SPDX-License-Identifier: Apache-2.0
#pragma once

// The site that an archive was made of, where it comes back at other places than it had: its
// journals speak of paths, projects and databases that are not those of this machine, so no
// rollback and no repair could go by them. They are kept, in state/former-ID, and the history of
// this site begins with the release that the former one had.

#include <string>

#include "installer/records/state.hpp"
#include "installer/session/release.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

// Where journals, revisions and tables of the former site `id` lie; nothing else of it does.
Layout former_layout(const Layout& layout, const std::string& id);
// Moves them there, of a state that nobody uses yet.
void set_history_aside(const Layout& layout, const std::string& id);

// What the former site had changed of its release: values of --set, and flags.
Brought changes_of_former(const Layout& former, const State& state);

}  // namespace sealift::installer
