// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a site's fence is closed in a plan: its commands keep users out, then its writers are
// stopped.

#include <cstdint>
#include <string>
#include <vector>

#include "installer/records/plan.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

// In their order; the site has a fence. Error{incompatible} where a program for it is not there.
std::vector<Step> closing_steps(const release::Site& site, std::uint64_t transaction);

// Whether writers are all that the fence keeps out, so that it is open when they have started,
// which is before the commit.
bool opens_early(const release::Site& site);

// What a change of databases is to users, one line for people: from which step on they are kept
// out, or that nobody keeps them out. Empty where no database changes.
std::string what_users_notice(const std::vector<Step>& steps);

}  // namespace sealift::installer
