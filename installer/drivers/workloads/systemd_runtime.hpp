// SPDX-License-Identifier: Apache-2.0
#pragma once

// Units of systemd. They lie in the release's tree; links in systemd's folder of units lead to
// PATH/current, so the switch of the tree changes them all. Restarted is what is made otherwise
// than before: by its unit, its drop-ins, or a file of the release that these name.

#include <chrono>
#include <memory>

#include "installer/drivers/runtime/runtime.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

// `between`: looks at units that were started.
std::unique_ptr<Runtime> systemd_runtime(
    const Layout& layout, std::chrono::milliseconds between = std::chrono::milliseconds(500));

}  // namespace sealift::installer
