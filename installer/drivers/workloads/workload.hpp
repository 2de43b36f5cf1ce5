// SPDX-License-Identifier: Apache-2.0
#pragma once

// The driver of what runs from files: it lays them out as the directory driver does, and has a
// Runtime run them. A guard stands before the switch, so that on the way back the old files are
// there again before what ran from them is brought up.

#include <memory>

#include "installer/driver/driver.hpp"
#include "installer/drivers/runtime/runtime.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

// `name` is its word in site.yaml, such as "compose".
std::unique_ptr<Driver> workload_driver(const std::string& name, const Layout& layout,
                                        std::unique_ptr<Runtime> runtime);

}  // namespace sealift::installer
