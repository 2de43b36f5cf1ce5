// SPDX-License-Identifier: Apache-2.0
#pragma once

// Objects of Kubernetes, applied to a namespace by kubectl and waited for.

#include <memory>

#include "installer/drivers/runtime/runtime.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

std::unique_ptr<Runtime> kubernetes_runtime(const Layout& layout);

}  // namespace sealift::installer
