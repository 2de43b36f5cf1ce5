// SPDX-License-Identifier: Apache-2.0
#pragma once

// The release that a file claims to be the bundle of, as headers of volumes and of deltas say it.

#include <string>

#include "base/digest.hpp"
#include "base/json.hpp"

namespace sealift::bundle {

struct NamedRelease {
  Digest digest;  // D
  std::string name;
  std::string version;
  friend bool operator==(const NamedRelease&, const NamedRelease&) = default;
};

Json to_json(const NamedRelease& release);
// Error{corrupt} that names `where`.
NamedRelease named_release_from_json(const Json& value, const std::string& where);

// "chanuka 1.0.0 (sha256:...)"; nobody vouches for the names, so they are made harmless.
std::string to_text(const NamedRelease& release);

}  // namespace sealift::bundle
