// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an image of a release should not be: named by a tag that may move, run by root, without a
// platform that the release is for, old, suddenly large, with known vulnerabilities, with files
// that look like secrets or give rights away.

#include <vector>

#include "base/error.hpp"
#include "builder/images/absorber.hpp"
#include "builder/images/scans.hpp"
#include "builder/workshop/workshop.hpp"
#include "content/image.hpp"
#include "release/project/release_file.hpp"

namespace sealift::builder {

// The rules that are broken and errors; warnings go to the log, and waivers silence both.
std::vector<Problem> check_rules(const release::ImageEntry& entry, const content::Image& image,
                                 const Scans& scans, const Absorber& absorber,
                                 const Workshop& workshop);

}  // namespace sealift::builder
