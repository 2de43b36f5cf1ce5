// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "builder/kind/kind.hpp"

namespace sealift::builder {

// Feature flags: ENVIRONMENT.yaml for each environment of the release, carried as ENVIRONMENT.json,
// the flag definition file of flagd that a site of that environment begins with.
const Kind& flags_kind();

}  // namespace sealift::builder
