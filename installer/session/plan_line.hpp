// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "installer/session/forecast.hpp"
#include "installer/session/totals.hpp"

namespace sealift::installer {

// "Plan: 4 files to add, 2 to change, 1 migration; 41.0 MiB to write, 3.1 GiB free; about 20 s like
// the last 3"
std::string plan_line(const Totals& totals, const Forecast& forecast);

}  // namespace sealift::installer
