// SPDX-License-Identifier: Apache-2.0
#pragma once

// How results of health checks are shown.

#include <vector>

#include "cli/program.hpp"
#include "installer/drivers/health/runner.hpp"

namespace sealift::installer {

// A line for each, the unhealthy with what was found.
void show_results(const std::vector<CheckResult>& results, cli::Output& out);

}  // namespace sealift::installer
