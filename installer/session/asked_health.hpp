// SPDX-License-Identifier: Apache-2.0
#pragma once

// The health checks of the release that is installed, asked for a person.

#include <vector>

#include "installer/drivers/health/runner.hpp"
#include "installer/session/changing.hpp"

namespace sealift::installer {

// Asks them, keeps what was found and shows it. Nothing where there are none, which is said.
std::optional<LastHealth> ask_health(const SiteWork& work, Asking asking, cli::Session& session);
bool is_healthy(const LastHealth& last);

// A line for each, the unhealthy with what was found.
void show_results(const std::vector<CheckResult>& results, cli::Output& out);

}  // namespace sealift::installer
