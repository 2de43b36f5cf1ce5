// SPDX-License-Identifier: Apache-2.0
#pragma once

// A database whose migrations a release carries. Steps: a backup, verified, in the phase fence;
// in the phase migrate the migrations, or on a way back that was asked for a restore or the files
// that take migrations back. An undo restores only where nobody can have written since, or a person
// gives that up (Writes, installer/driver/driver.hpp).

#include <memory>

#include "base/parallel.hpp"
#include "installer/driver/driver.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

// `name` is the driver's word in site.yaml: "postgresql" or "sqlite".
std::unique_ptr<Driver> database_driver(const std::string& name, const Layout& layout,
                                        Workers& workers);

}  // namespace sealift::installer
