// SPDX-License-Identifier: Apache-2.0
#pragma once

// Records what stood on a site before sealift came as release 0, so that the first apply can be
// undone. Files that a target held loosely are copied below it; the originals stay where they are.

#include "installer/operations/install.hpp"

namespace sealift::installer {

// Refuses what cannot be adopted, all of it at once, before anything is made: Error{incompatible}.
void check_adoptable(const Layout& layout, const release::Site& site, Workers& workers);

// For a site on which no release is installed; after a failure the targets are as before, and it
// may be done again. The site's lock must be held.
void adopt(const Tools& tools);

}  // namespace sealift::installer
