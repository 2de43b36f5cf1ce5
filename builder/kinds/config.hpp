// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "builder/kind/kind.hpp"

namespace sealift::builder {

// A tree of templates, rendered on the target from the values of the environment and of the site.
const Kind& config_kind();

}  // namespace sealift::builder
