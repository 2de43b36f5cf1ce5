// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an operator gives as a bundle: a file, volumes, or a delta on a release that this site has.

#include <memory>
#include <string>
#include <vector>

#include "bundle/medium.hpp"
#include "bundle/verified.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

// What bundle::open_medium() takes, and deltas: their base is looked for in the store, whose
// bundles were verified when they came. Error{incompatible} that names the base where the store has
// not it, and what it has.
std::unique_ptr<bundle::Medium> open_given(const Layout& layout,
                                           const std::vector<std::string>& given);

// Verifies the same, confined, or standard input for "-".
bundle::VerifiedBundle verify_given(
    const Layout& layout, const std::vector<std::string>& given, const bundle::Trust& trust,
    Progress& progress, const bundle::Judged& judged = [](const bundle::Judgement&) {});

}  // namespace sealift::installer
