// SPDX-License-Identifier: Apache-2.0
#pragma once

// Health as steps of a transaction. `check` asks the new release until it is healthy, and fails
// where it is not. `prove` stands first in a plan: it finds out which checks of the release that
// stands hold and, when everything else has been undone, asks for those again; an undo whose
// release is not as healthy as it was has not succeeded.

#include <memory>

#include "installer/driver/driver.hpp"
#include "installer/records/check.hpp"
#include "installer/records/state.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

std::unique_ptr<Driver> health_driver(const Layout& layout);

// `health` has checks. Both belong to no component. The checks stand in the step, so that nobody
// has to ask site.yaml or the bundle for them after a crash.
Step check_step(const Health& health, std::uint64_t revision);
Step prove_step(const Health& standing, const Revision& revision);

}  // namespace sealift::installer
