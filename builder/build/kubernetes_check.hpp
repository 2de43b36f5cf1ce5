// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a target would refuse of a release's manifests for Kubernetes, found where they are written,
// and what people regret of them. Each file is rendered for every environment and read with the
// reader of the installer.

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
// those that do. Findings that release.yaml does not accept are told, or are mistakes where it says
// so. Returns the names of the carried images that the objects use.
std::set<std::string> check_kubernetes(const release::Release& release,
                                       const std::vector<BuiltComponent>& built,
                                       Problems& problems);

// The same for the values of one site, as far as they make mistakes that its environment has not,
// and for the namespace of its target.
void check_kubernetes_at(const release::Release& release, const std::vector<BuiltComponent>& built,
                         const release::Environment& environment, const release::Site& site,
                         const fs::path& file, Problems& problems);

}  // namespace sealift::builder
