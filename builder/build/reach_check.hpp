// SPDX-License-Identifier: Apache-2.0
#pragma once

// What units of systemd, commands of exec, hooks and health checks ask of a host, compared with
// what a site allows; of Compose files compose_check.hpp does.

#include <vector>

#include "base/error.hpp"
#include "builder/kind/kind.hpp"
#include "release/project/release_file.hpp"
#include "release/site_file/site.hpp"

namespace sealift::builder {

void check_reach_at(const release::Release& release, const std::vector<BuiltComponent>& built,
                    const release::Environment& environment, const release::Site& site,
                    const fs::path& file, Problems& problems);

}  // namespace sealift::builder
