// SPDX-License-Identifier: Apache-2.0
#pragma once

// A check as it is asked on one site: a release's check with the site's values in place. Kept with
// each revision, so that whoever asks later asks just what the revision was applied with.

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "installer/site/layout.hpp"
#include "release/documents/hook.hpp"

namespace sealift::installer {

struct RenderedCheck {
  release::HealthCheck check;
  std::map<std::string, std::string> environment;  // of exec: what stands in it
  // Of a container or an object of Kubernetes: the settings of its component's placement; else
  // null.
  Json container;
};

Json to_json(const RenderedCheck& check);
Json to_json(const std::vector<RenderedCheck>& checks);
// Strict; Error{corrupt}.
RenderedCheck rendered_check_from_json(const Json& value, const std::string& where);
std::vector<RenderedCheck> rendered_from_json(const Json& value, const std::string& where);

// What runs at a moment of an apply. It is not kept: nobody runs it later.
struct RenderedHook {
  release::Moment moment;
  RenderedCheck run;
};

// The checks of a revision, its hooks, and the scripts that both run.
struct Health {
  std::vector<RenderedCheck> checks;
  std::vector<RenderedHook> hooks;
  release::Scripts scripts;
};

// Of the document that keeps them, without its hooks. Strict; Error{corrupt}.
Health health_from_json(const Json& value, const std::string& where);

// Where a revision's scripts lie; checks and hooks run there. It need not exist.
fs::path scripts_folder(const Layout& layout, std::uint64_t revision);
void keep_health(const Layout& layout, std::uint64_t revision, const Health& health);
// Empty where the revision has none.
Health kept_health(const Layout& layout, std::uint64_t revision);

}  // namespace sealift::installer
