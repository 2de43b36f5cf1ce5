// SPDX-License-Identifier: Apache-2.0
#pragma once

// Compares what a release asks of the host with what `allow` in site.yaml lists. A site without
// `allow` takes whatever was approved. Links are followed where they are on this host.

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "release/documents/allow.hpp"
#include "release/documents/health.hpp"
#include "release/documents/hook.hpp"

namespace sealift::release {

// Who asks for something.
struct Claimant {
  std::string who;       // in messages, such as "component web"
  std::string name;      // in lists of site.yaml
  std::string own = {};  // the folder of its target, which it need not ask for; empty: it has none
};
// Adds a problem for everything that is not listed, with the line that would list it.
void check_allowed(const Claimant& claimant, const std::vector<Claim>& claims,
                   const std::optional<Allow>& allow, Problems& problems);

// The same for the commands of hooks and health checks, which no component has. `where` begins
// every message, such as "site.yaml: ".
void check_commands_allowed(const std::vector<Hook>& hooks, const std::vector<HealthCheck>& checks,
                            const std::string& where, const std::optional<Allow>& allow,
                            Problems& problems);

}  // namespace sealift::release
