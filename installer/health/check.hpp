// SPDX-License-Identifier: Apache-2.0
#pragma once

// A check as it is asked on one site: a release's check with the site's values in place. Kept with
// each revision, so that whoever asks later asks just what the revision was applied with.

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "installer/layout.hpp"
#include "release/health.hpp"

namespace sealift::installer {

struct RenderedCheck {
  release::HealthCheck check;
  std::map<std::string, std::string> environment;  // of exec: what stands in it
  Json container;  // of a container: the settings of its component's placement; else null
};

Json to_json(const std::vector<RenderedCheck>& checks);
// Strict; Error{corrupt}.
std::vector<RenderedCheck> rendered_from_json(const Json& value, const std::string& where);

// The checks of a revision, and the scripts that they run.
struct Health {
  std::vector<RenderedCheck> checks;
  release::Scripts scripts;
};

// Where a revision's scripts lie; their checks run there.
fs::path scripts_folder(const Layout& layout, std::uint64_t revision);
void keep_health(const Layout& layout, std::uint64_t revision, const Health& health);
// Empty where the revision has none.
Health kept_health(const Layout& layout, std::uint64_t revision);

}  // namespace sealift::installer
