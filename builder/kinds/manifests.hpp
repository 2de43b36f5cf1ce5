// SPDX-License-Identifier: Apache-2.0
#pragma once

// What runs: a Compose file, units of systemd, or commands, with the files that they read.

#include "builder/kind/kind.hpp"

namespace sealift::builder {

const Kind& manifests_kind();

}  // namespace sealift::builder
