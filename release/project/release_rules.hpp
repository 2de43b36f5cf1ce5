// SPDX-License-Identifier: Apache-2.0
#pragma once

// The rules of a release.yaml: its JSON Schema, and what that cannot express.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "release/documents/serving.hpp"
#include "release/text/schema.hpp"
#include "release/text/yaml.hpp"

namespace sealift::release {

// The kind of component that has images instead of a source, and where they go by default.
inline constexpr std::string_view kImages = "images";
inline constexpr std::string_view kManifests = "manifests";

// Everything that is wrong, with its line; empty: load_release() can read it.
std::vector<Mistake> broken_rules(const YamlDocument& document);

// Where a key of release.yaml has more than one form, its rules and load_release() read it here.
// The reports of an image, each an object `report`, `of`; it may be one, or only its path.
Json read_scan_rows(const Json& image);
// How long clients keep what a rule of `serve` matches, where it says so. Throws for another word.
std::optional<CacheClass> read_cache(const Json& rule);
// "config/" and "config" are the same folder.
std::string without_slash(std::string path);

}  // namespace sealift::release
