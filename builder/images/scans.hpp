// SPDX-License-Identifier: Apache-2.0
#pragma once

// The scanners' reports that release.yaml names for an image: each must be about this image, and
// travels with it.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "bundle/spool.hpp"
#include "content/image.hpp"
#include "release/documents/manifest.hpp"
#include "release/project/release_file.hpp"

namespace sealift::builder {

struct Scans {
  std::vector<release::CarriedScan> carried;
  std::vector<content::Descriptor> reports;        // in the spool
  std::set<Digest> manifests;                      // of the image, that a report is about
  std::map<std::string, release::Severity> found;  // as in ScanReport, of all reports together
};

// `whole` is the index of which the image is a part, if it is. Error{invalid_input} with every
// report that cannot be read or is about something else.
Scans take_scans(const release::Release& release, const release::ImageEntry& entry,
                 const content::Image& image, const std::optional<Digest>& whole,
                 bundle::Spool& spool);

}  // namespace sealift::builder
