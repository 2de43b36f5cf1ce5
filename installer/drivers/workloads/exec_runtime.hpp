// SPDX-License-Identifier: Apache-2.0
#pragma once

// Commands of a release, for what no other runtime knows: one brings it about, one takes it back,
// one may look. They run in the release's directory, with an environment that is made for them, so
// that they do the same whoever calls the installer.

#include <memory>

#include "installer/drivers/runtime/runtime.hpp"

namespace sealift::installer {

std::unique_ptr<Runtime> exec_runtime();

}  // namespace sealift::installer
