// SPDX-License-Identifier: Apache-2.0
#pragma once

// The site's identity of age: opens what was encrypted to this site. It leaves the state folder in
// a site archive alone, encrypted to the recovery recipient.

#include <string>
#include <vector>

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

// existing_identity(), and behind it those of the sites whose archives this one was restored from:
// what is sealed to them stays readable until a release is sealed to this one.
std::vector<signing::AgeIdentity> known_identities(const Layout& layout);
// The identity that is there becomes that of a former site, `id`; this one has none then.
void retire_identity(const Layout& layout, const std::string& id);

}  // namespace sealift::installer
