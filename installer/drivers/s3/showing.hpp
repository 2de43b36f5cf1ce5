// SPDX-License-Identifier: Apache-2.0
#pragma once

// Lets users see another release: held files come to their public names, scripts before the pages
// that name them, and those that only the other release has go. Then the CDN is told which paths
// have changed. Each of these may be repeated.

#include <string>
#include <vector>

#include "installer/driver/driver.hpp"
#include "installer/drivers/s3/s3_place.hpp"
#include "installer/drivers/s3/s3_step.hpp"

namespace sealift::installer {

// Which way: as the step says it, or back.
enum class Way { there, back };

void show_release(const Showing& showing, Way way, const S3Place& place, StepIo& io);

// The paths at a CDN whose content or headers differ between two releases, encoded, each once. Of
// an index.html its folder is one as well.
std::vector<std::string> changed_paths(const S3Objects& before, const S3Objects& after,
                                       const std::string& base);

}  // namespace sealift::installer
