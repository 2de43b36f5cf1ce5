// SPDX-License-Identifier: Apache-2.0
#pragma once

// Components that health checks name.

#include "base/error.hpp"
#include "release/project/release_file.hpp"

namespace sealift::builder {

// A check of a container or of an object of Kubernetes names its component first. What it names in
// that is looked for where the component's files are read; the component's name alone is looked for
// here, so that a mistyped one is said at once.
void check_components_in_health(const release::Release& release, Problems& problems);

}  // namespace sealift::builder
