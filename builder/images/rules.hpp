// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an image of a release should not be: named by a tag that may move, run by root, without a
// platform that the release is for, with files that look like secrets or give rights away.

#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "builder/images/absorber.hpp"
#include "content/image.hpp"
#include "release/release_file.hpp"

namespace sealift::builder {

struct RuleVerdict {
  std::vector<Problem> errors;
  std::map<std::string, std::string> waivers;  // rules that are broken and may be, and why
};

// Warnings go to the log.
RuleVerdict check_rules(const release::ImageEntry& entry, const content::Image& image,
                        const Absorber& absorber, const release::Release& release);

}  // namespace sealift::builder
