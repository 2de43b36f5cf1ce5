// SPDX-License-Identifier: Apache-2.0
#pragma once

// One pod of the new making before all others, of the workloads that the release names for it.

#include <vector>

#include "installer/driver/driver.hpp"
#include "installer/drivers/kubernetes/cluster.hpp"

namespace sealift::installer {

// Applies those of the canaries whose pods change, held after one new pod each, and what that pod
// may need to start, and nothing else of `bodies`. Returns when all of those pods are ready;
// Error{target_failed} where one is not, with the other pods of the release before untouched. The
// next apply lets them go on. `members` are for the inventory.
void send_canaries(const Cluster& cluster, const References& members,
                   const std::vector<Json>& bodies, StepIo& io);

}  // namespace sealift::installer
