// SPDX-License-Identifier: Apache-2.0
#pragma once

// Waits until everything of a component runs.

#include "installer/driver/driver.hpp"
#include "installer/drivers/kubernetes/cluster.hpp"

namespace sealift::installer {

// Until all members are as they were asked to be, at two looks in a row. Error{target_failed} as
// soon as one of them cannot come to that, or the target's time is up, with what the server and the
// container have said last. A server that does not answer is asked again.
void await_objects(const Cluster& cluster, const KubernetesSettings& settings, StepIo& io);

// The same until one pod of the newest making of each is ready.
void await_first_pods(const Cluster& cluster, const References& workloads, StepIo& io);

// "Deployment web": what keeps it from being ready. Of `members`, by what the server says now.
std::vector<Difference> unready(const References& members, const Objects& all);

}  // namespace sealift::installer
