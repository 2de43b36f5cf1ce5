// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a target would refuse of a release's Compose files, found where they are written. Each file
// is rendered for every environment and read with the reader of the installer.

#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "builder/kind/kind.hpp"
#include "release/project/release_file.hpp"
#include "release/site_file/site.hpp"

namespace sealift::builder {

// Adds every mistake, with its line in the rendered file; one that not every environment has names
// those that do. What hangs on a value that is a secret, or that each site must set, is no mistake.
// Returns the names of the carried images that the files use. Of components with the runtime
// compose alone.
std::set<std::string> check_compose(const release::Release& release,
                                    const std::vector<BuiltComponent>& built, Problems& problems);

// The same for the values of one site, as far as they make mistakes that its environment has not;
// and what the files ask of the host and `allow` of `file`, the site's own, does not list.
void check_compose_at(const release::Release& release, const std::vector<BuiltComponent>& built,
                      const release::Environment& environment, const release::Site& site,
                      const fs::path& file, Problems& problems);

}  // namespace sealift::builder
