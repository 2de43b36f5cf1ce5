// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether there is room for what a plan brings.

#include "installer/planning/draft.hpp"

namespace sealift::installer {

// Throws Error{io} where a file system has less room than the draft needs.
void check_space(const Draft& draft);

}  // namespace sealift::installer
