// SPDX-License-Identifier: Apache-2.0
#pragma once

// The site's identity of age: opens what was encrypted to this site. It never leaves the state
// folder.

#include "base/clock.hpp"
#include "installer/site/layout.hpp"
#include "signing/age.hpp"

namespace sealift::installer {

// Made where there is none yet. Error{untrusted} where others than its owner may read it. `now`
// goes into the comment of the file, as age-keygen writes it.
signing::AgeIdentity site_identity(const Layout& layout, Time now);

// The same, and never made: what was sealed to the one that is missing cannot be opened with
// another. Error{untrusted}.
signing::AgeIdentity existing_identity(const Layout& layout);

}  // namespace sealift::installer
