// SPDX-License-Identifier: Apache-2.0
#pragma once

// The trees of a component of flags: in the bundle ENVIRONMENT.json for each environment, on a site
// the one file flags.json.

#include <memory>
#include <string>

#include "installer/content/content.hpp"
#include "release/flags/flags.hpp"

namespace sealift::installer {

// The flags of one environment, out of the bundle's tree. Throws Error{corrupt} where they are not
// there or not as the tree's table says.
release::FlagSet read_flags(TreeStream& tree, const std::string& environment,
                            const std::string& where);

std::unique_ptr<TreeStream> flags_tree(const release::FlagSet& set);

}  // namespace sealift::installer
