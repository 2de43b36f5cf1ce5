// SPDX-License-Identifier: Apache-2.0
#pragma once

// The settings of a placement in a bucket: where it is, how its files are served, and of which
// releases before it the unchanging files stay. How the store is reached is in there too, for a
// target that site.yaml no longer has; what site.yaml says counts more.

#include <string>
#include <vector>

#include "installer/records/placement.hpp"
#include "release/documents/carried_assets.hpp"
#include "release/site_file/s3_target.hpp"

namespace sealift::installer {

struct S3Settings {
  release::S3Target store;
  release::Serving serving;
  std::vector<std::string> before;  // directories of placements, newest first

  friend bool operator==(const S3Settings&, const S3Settings&) = default;
};

Json to_json(const S3Settings& settings);
// Strict; Error{corrupt}.
S3Settings s3_settings_from_json(const Json& value, const std::string& where);
S3Settings s3_settings_of(const Placement& placement);
// `kept` are the settings that a directory would have (content/kept_history.hpp), or null.
S3Settings s3_settings(const release::S3Target& target, const release::CarriedAssets& assets,
                       const Json& kept);

}  // namespace sealift::installer
