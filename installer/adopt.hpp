// SPDX-License-Identifier: Apache-2.0
#pragma once

// Records what stood on a site before sealift came as release 0, so that the first apply can be
// undone. Files that a target held loosely are copied below it; the originals stay where they are.

#include "installer/install.hpp"

namespace sealift::installer {

// Once, for a site without history. The site's lock must be held.
void adopt(const Tools& tools);

}  // namespace sealift::installer
