// SPDX-License-Identifier: Apache-2.0
#pragma once

// Dashboards, monitors and SLOs at Datadog. The rendered files of a release lie in a directory of
// the target, so that an undo and a rollback need no bundle; objects are created, changed and
// removed from there. Secrets that are keys come from the release and the site, and stay in memory.

#include <memory>

#include "installer/drivers/runtime/runtime.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

std::unique_ptr<Runtime> datadog_runtime(const Layout& layout);

}  // namespace sealift::installer
