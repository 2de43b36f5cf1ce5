// SPDX-License-Identifier: Apache-2.0
#pragma once

// Images in a store: loaded and kept while nothing can be seen of it (phase stage), then the public
// names are switched one by one (phase activate). One driver for every sort of store.

#include <memory>

#include "installer/driver/driver.hpp"

namespace sealift::installer {

// `store` is the driver's word in site.yaml. Several stores of one sort may be targets of a site:
// each step says its own settings.
std::unique_ptr<Driver> images_driver(const std::string& store);

// Notes in `placement` which signatures the steps bring in with its images.
void note_loaded(const std::vector<Step>& steps, Placement& placement);

}  // namespace sealift::installer
