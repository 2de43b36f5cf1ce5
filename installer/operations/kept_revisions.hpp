// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is kept of each revision beside its journal, so that it can be restored: the values,
// site.yaml, checks and hooks.

#include <optional>

#include "installer/content/site_content.hpp"
#include "installer/operations/tools.hpp"
#include "installer/records/check.hpp"
#include "installer/records/revision.hpp"
#include "installer/records/state.hpp"

namespace sealift::installer {

// Called before the transaction begins: a revision that is committed can always be restored.
void keep_revision(const Tools& tools, std::uint64_t number, const release::Values& values,
                   const Health& health);
// Nothing happens where it is gone already.
void remove_revision(const Layout& layout, std::uint64_t number);

// The content of a revision that this site has had. Out of the bundle that the store keeps, with
// the values of that time.
SiteContent content_of(const Tools& tools, const Revision& revision);
// Lets drivers open the keys of targets of the revision that stood last, as far as they can be had.
void open_target_keys(const Tools& tools, const State& state);

// Of the release that is installed as long as no transaction has ended; nothing where there is
// none. Its bundle is opened when it is asked for something.
std::optional<SiteContent> content_before(const Tools& tools, const State& state);

}  // namespace sealift::installer
