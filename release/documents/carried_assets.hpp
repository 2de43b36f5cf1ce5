// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a component of assets says beside its files, in its config document: how they are to be
// served, how many releases keep their hashed files reachable, and the integrity of scripts and
// styles (Subresource Integrity, W3C).

#include <map>
#include <string>

#include "base/json.hpp"
#include "release/documents/serving.hpp"

namespace sealift::release {

inline constexpr std::uint64_t kMaxKeptReleases = 20;
inline constexpr std::size_t kMaxIntegrityRows = 10'000;

struct CarriedAssets {
  Serving serving = {};
  std::uint64_t keep_previous = 0;
  std::map<std::string, std::string> integrity = {};  // path -> "sha384-BASE64"

  bool empty() const { return *this == CarriedAssets{}; }
  friend bool operator==(const CarriedAssets&, const CarriedAssets&) = default;
};

Json to_json(const CarriedAssets& assets);
// Strict; Error{corrupt}.
CarriedAssets carried_assets_from_json(const Json& value, const std::string& where);

// For templates: rows {"path", "integrity"}, sorted by path.
Json integrity_rows(const CarriedAssets& assets);

// What templates call the lists of a component: "integrity.web", "serve.web".
std::string integrity_name(const std::string& component);
std::string serve_name(const std::string& component);

}  // namespace sealift::release
