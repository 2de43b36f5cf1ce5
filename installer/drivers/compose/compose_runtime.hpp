// SPDX-License-Identifier: Apache-2.0
#pragma once

// Docker Compose of either generation, and podman-compose. The release's file is used as it stands
// under PATH/current; a second file beside it says of each service which image was delivered for
// it, and carries a label that names all that its containers are made of. So containers are made
// anew just where something of theirs has changed, and a mutable tag means nothing.

#include <memory>

#include "installer/drivers/runtime/runtime.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

std::unique_ptr<Runtime> compose_runtime(const Layout& layout);

}  // namespace sealift::installer
