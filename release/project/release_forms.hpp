// SPDX-License-Identifier: Apache-2.0
#pragma once

// Keys of release.yaml that may be written in more than one way: its rules (release_rules.hpp) and
// load_release() read them here. Nothing throws for a form that the schema refuses.

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "release/documents/serving.hpp"

namespace sealift::release {

// The reports of an image, each an object `report`, `of`; it may be one, or only its path.
Json read_scan_rows(const Json& image);
// The files of values of a chart; it may be one.
std::vector<std::string> read_chart_values(const Json& chart);
// The folder that a kustomization begins in, below source; empty: source itself. Nothing where the
// component says none, or false.
std::optional<std::string> read_kustomize(const Json& component);
// How long clients keep what a rule of `serve` matches, where it says so. Throws for another word.
std::optional<CacheClass> read_cache(const Json& rule);
// "config/" and "config" are the same folder.
std::string without_slash(std::string path);

}  // namespace sealift::release
