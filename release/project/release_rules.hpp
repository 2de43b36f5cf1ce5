// SPDX-License-Identifier: Apache-2.0
#pragma once

// The rules of a release.yaml: its JSON Schema, and what that cannot express.

#include <string>
#include <string_view>
#include <vector>

#include "release/text/schema.hpp"
#include "release/text/yaml.hpp"

namespace sealift::release {

// The kind of component that has images instead of a source, and where they go by default.
inline constexpr std::string_view kImages = "images";
inline constexpr std::string_view kManifests = "manifests";

// Everything that is wrong, with its line; empty: load_release() can read it.
std::vector<Mistake> broken_rules(const YamlDocument& document);

// The reports of an image: one or several, each its path, or its path and what it is about.
Json scans_of(const Json& image);
// "config/" and "config" are the same folder.
std::string without_slash(std::string path);

}  // namespace sealift::release
