// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "builder/kind/kind.hpp"

namespace sealift::builder {

// A tree of files as it is: client assets and the like.
const Kind& assets_kind();

}  // namespace sealift::builder
