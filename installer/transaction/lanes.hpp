// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which steps may run beside each other: those that have neither a component nor a driver in
// common, and how they do. The steps of a component build upon each other, and a driver remembers
// what it has learnt of its place.

#include <span>
#include <vector>

#include "installer/driver/driver.hpp"
#include "installer/records/journal.hpp"

namespace sealift::installer {

using Lane = std::vector<const Step*>;

// Every step once, each lane in the order of `steps`; lanes in the order of their first steps.
std::vector<Lane> lanes_of(std::span<const Step> steps);

// Applies a step between its two records, and shows it; `step` is one of the journal's plan. Throws
// what the driver throws, or Error{interrupted}.
void apply_step(Journal& journal, const Step& step, const Drivers& drivers, StepIo& io);

// Applies lanes side by side, or one after the other where the content has no twin. Throws the
// first failure, once no step runs any more.
void apply_beside(const std::vector<Lane>& lanes, Journal& journal, const Drivers& drivers,
                  StepIo& io);

}  // namespace sealift::installer
