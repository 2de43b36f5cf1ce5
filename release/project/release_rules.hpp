// SPDX-License-Identifier: Apache-2.0
#pragma once

// The rules of a release.yaml: its JSON Schema, and what that cannot express.

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

}  // namespace sealift::release
