// SPDX-License-Identifier: Apache-2.0
#pragma once

// Units looked at by systemd-analyze before they are switched to. It reads copies in a folder of
// scratch, in which PATH/current is replaced by the staged folder that it will lead to.

#include "installer/drivers/runtime/workload_step.hpp"
#include "installer/drivers/workloads/systemctl.hpp"

namespace sealift::installer {

// The largest file of a unit that is read, in bytes.
inline constexpr std::size_t kMaxUnitBytes = 1U << 20;

// Error{target_failed} where systemd would refuse a unit, or a program of the release is missing. A
// host on which systemd-analyze cannot look at units, and what else it says, are warnings.
// `scratch` is removed again.
void verify_units(const Deployment& staged, const Systemctl& systemd, const fs::path& scratch);

}  // namespace sealift::installer
