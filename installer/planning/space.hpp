// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether there is room for what a plan brings.

#include "installer/planning/draft.hpp"

namespace sealift::installer {

// Throws Error{io} where a file system has less room than the draft needs. Needs on the same file
// system add up, with 2 KiB for each file, since a file takes whole blocks, and a twentieth more.
// Nothing is reserved: others may fill the disk meanwhile, and then the step fails and is undone.
void check_space(const Draft& draft);

}  // namespace sealift::installer
