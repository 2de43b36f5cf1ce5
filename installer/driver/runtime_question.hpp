// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a runtime needs to know of a component before anything of it is on the target.

#include <map>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "compose/images.hpp"
#include "installer/content/content.hpp"
#include "installer/records/placement.hpp"
#include "release/documents/manifest.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

struct RuntimeQuestion {
  const release::Component& component;  // its row and its document
  const release::Target& target;        // of site.yaml, that it goes to
  std::string site;                     // the site's id
  const Placement* before;              // what is installed on the target; null: nothing
  Content& content;                     // its tree, rendered
  Digest table;                         // of that tree, kept
  // Name of an image in the release -> what it is called here so that only it can be meant.
  std::map<std::string, std::string> pins;
  std::vector<compose::KnownImage> images;  // that the release carries
};

}  // namespace sealift::installer
