// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Placement is a component standing on a target: which directory below which path holds which
// tree, or which images a store has. Revisions are made of placements, and so is a wish.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "installer/records/placed_image.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

struct Placement {
  std::string component;
  std::string target;
  std::string driver;
  // Of the target; without one: "DRIVER:COMPONENT", "database:NAME", the address of a bucket.
  std::string path;
  std::string directory;  // below it, e.g. "releases/1.0.0-0123456789ab"; of others: empty
  Digest table;           // file table of what stands there; of images: the component's document
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::vector<PlacedImage> images = {};
  // Of a target of images or a database, as its driver needs them; of assets what they keep.
  Json settings = {};
  // Of files: service -> globs of those that it reads, and whose they are: "UID:GID", "UID" where
  // the site names no owner, or empty where that was never said.
  std::map<std::string, std::vector<std::string>> services = {};
  std::string owner = {};
  // Folders of data below PATH/shared that its releases share -> whose they are made, "UID:GID" or
  // empty. Those that lie in no other are links of the tree.
  std::map<std::string, std::string> persist = {};

  friend bool operator==(const Placement&, const Placement&) = default;
};

// Whether a placement's path is a folder of this host.
inline bool is_on_host(const std::string& path) {
  return path.starts_with('/');
}

Json to_json(const Placement& placement);
Placement placement_from_json(const Json& value, const std::string& where);

}  // namespace sealift::installer
