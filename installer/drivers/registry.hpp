// SPDX-License-Identifier: Apache-2.0
#pragma once

// The list of drivers.

#include "base/parallel.hpp"
#include "installer/driver/driver.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

Drivers all_drivers(const Layout& layout, Workers& workers);

}  // namespace sealift::installer
