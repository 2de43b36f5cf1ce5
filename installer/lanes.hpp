// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which steps may run beside each other: those that have neither a component nor a driver in
// common. The steps of a component build upon each other, and a driver remembers what it has learnt
// of its place.

#include <span>
#include <vector>

#include "installer/plan.hpp"

namespace sealift::installer {

using Lane = std::vector<const Step*>;

// Every step once, each lane in the order of `steps`; lanes in the order of their first steps.
std::vector<Lane> lanes_of(std::span<const Step> steps);

}  // namespace sealift::installer
