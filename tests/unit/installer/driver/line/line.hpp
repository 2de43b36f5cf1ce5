// SPDX-License-Identifier: Apache-2.0
#pragma once

// The smallest driver: a component is one line of text in a file, whose path is the target's. It is
// how a driver begins (docs/development.md), and no program has it.

#include <memory>

#include "installer/driver/driver.hpp"

namespace sealift::installer {

inline constexpr std::string_view kLineType = "application/vnd.sealift.test.line.v1";

std::unique_ptr<Driver> line_driver();

}  // namespace sealift::installer
