// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Placement is a component standing on a target: which directory below which path holds which
// tree. Revisions are made of placements, and so is a wish.

#include <cstdint>
#include <optional>
#include <string>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "release/site.hpp"

namespace sealift::installer {

struct Placement {
  std::string component;
  std::string target;
  std::string driver;
  std::string path;       // of the target
  std::string directory;  // below it, e.g. "releases/1.0.0-0123456789ab"
  Digest table;           // file table of what stands there
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;

  friend bool operator==(const Placement&, const Placement&) = default;
};

Json to_json(const Placement& placement);
Placement placement_from_json(const Json& value, const std::string& where);

}  // namespace sealift::installer
