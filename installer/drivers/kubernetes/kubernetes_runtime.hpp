// SPDX-License-Identifier: Apache-2.0
#pragma once

// Objects of Kubernetes, applied to a namespace by kubectl and waited for.

#include <memory>

#include "installer/drivers/runtime/runtime.hpp"

namespace sealift::installer {

std::unique_ptr<Runtime> kubernetes_runtime();

}  // namespace sealift::installer
