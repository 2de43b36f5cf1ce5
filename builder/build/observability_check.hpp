// SPDX-License-Identifier: Apache-2.0
#pragma once

// What Datadog, Prometheus or Grafana would refuse of a release's components of observability,
// found where it is written. Each file is rendered for every environment and read with the reader
// of the installer.

#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "builder/kind/kind.hpp"
#include "release/project/release_file.hpp"
#include "release/site_file/site.hpp"

namespace sealift::builder {

// Adds every mistake; one that not every environment has names those that do. Fields that nobody
// here knows are told. A secret is a mistake: everybody who may see a dashboard
// would read it.
void check_observability(const release::Release& release, const std::vector<BuiltComponent>& built,
                         Problems& problems);

// The same for the values of one site, as far as they make mistakes that its environment has not,
// and for what its target does not take.
void check_observability_at(const release::Release& release,
                            const std::vector<BuiltComponent>& built,
                            const release::Environment& environment, const release::Site& site,
                            const fs::path& file, Problems& problems);

}  // namespace sealift::builder
