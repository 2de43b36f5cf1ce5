// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "builder/kind/kind.hpp"

namespace sealift::builder {

// Container images, each bit for bit as its source has it.
const Kind& images_kind();

}  // namespace sealift::builder
