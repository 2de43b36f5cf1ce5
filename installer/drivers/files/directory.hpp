// SPDX-License-Identifier: Apache-2.0
#pragma once

// Trees of files below one path:
//   PATH/releases/VERSION-D12/   each release beside the others, complete before it has this name
//   PATH/current                 relative symbolic link to the one that is served, switched by
//                                rename
//   PATH/kept/                   files that never change, of that one and some before it
//   PATH/shared/                 data that all releases share, in whose trees it is a link
//   PATH/.sealift-target         says which site manages the path
// A path that holds anything else is not ours and is refused.

#include <memory>

#include "installer/driver/driver.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

std::unique_ptr<Driver> directory_driver(const Layout& layout);

}  // namespace sealift::installer
