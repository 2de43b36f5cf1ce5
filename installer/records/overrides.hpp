// SPDX-License-Identifier: Apache-2.0
#pragma once

// Values that --set gives to one apply. They are kept with its revision, so that people can see
// later where a value came from, and say nothing about the next apply.

#include <string>
#include <vector>

#include "bundle/reader.hpp"
#include "installer/records/state.hpp"
#include "installer/site/layout.hpp"
#include "release/values/environment.hpp"

namespace sealift::installer {

// Each "KEY=VALUE", read as the type that the contract declares, or that the environment's value
// has. Throws Error{usage} for a key that the release does not know, a value that it refuses, and a
// secret: every user of a host can read command lines.
release::Values parse_overrides(const std::vector<std::string>& texts,
                                const bundle::Contents& contents, const std::string& environment);

// Those that a revision was applied with. Durable when it returns; its reader is kept_overrides()
// alone.
void keep_overrides(const Layout& layout, std::uint64_t number, const release::Values& set);
release::Values kept_overrides(const Layout& layout, const Revision& revision);

// What a plan warns of: values that the release that stands was given, and this plan is not.
std::vector<std::string> forgotten(const release::Values& before, const release::Values& now);

}  // namespace sealift::installer
