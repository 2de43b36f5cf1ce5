// SPDX-License-Identifier: Apache-2.0
#pragma once

// Objects with fields that a server does not change: those that carry the mark, in the release or
// on the server, are deleted so that an apply creates them with the new values. Asked of the server
// each time and never remembered, so that it holds on the way back, and after a crash.

#include <vector>

#include "installer/driver/driver.hpp"
#include "installer/drivers/kubernetes/cluster.hpp"

namespace sealift::installer {

// Which of `bodies` have to be replaced; nothing changes. Error{target_failed} where the server
// does not answer.
References to_replace(const Cluster& cluster, const std::vector<Json>& bodies, Conflicts conflicts);

// Tries those of `bodies` that are replaced as if they were not there yet, and says which they are;
// adds what the server would refuse to `problems`, and sets of pods whose claims on volumes would
// go with them. Nothing changes. Error{target_failed} where the server does not answer.
References try_replacement(const Cluster& cluster, const std::vector<Json>& bodies,
                           Problems& problems);

// Deletes what has to be replaced and waits until it is gone, with its pods. Claims on volumes
// stay: Error{target_failed} instead where they would not. What is just being deleted is waited for
// as well, because it was cut off.
void make_way(const Cluster& cluster, const std::vector<Json>& bodies, Conflicts conflicts,
              StepIo& io);

}  // namespace sealift::installer
