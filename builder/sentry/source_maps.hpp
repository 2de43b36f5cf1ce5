// SPDX-License-Identifier: Apache-2.0
#pragma once

// The scripts of a component that have a source map, and their maps (ECMA-426), as Sentry wants
// them. They are taken from the sources of the project, where maps lie also when `exclude` keeps
// them out of what is served.

#include <string>
#include <vector>

#include "base/error.hpp"
#include "release/project/release_file.hpp"

namespace sealift::builder {

inline constexpr std::uint64_t kMaxSourceMap = 256U << 20;  // bytes, of a script or a map

struct SentryFile {
  enum class Sort { script, map };

  Sort sort;
  std::string url;  // "~/assets/app.js": "~" is any host
  std::string content;
  std::string debug_id;    // what a bundler's plugin wrote into both; empty: nothing
  std::string source_map;  // of a script: where its map lies from there; empty: it is in the script
};

struct SourceMaps {
  std::vector<SentryFile> files;         // by url; a map behind no script is none of them
  std::vector<std::string> without_map;  // paths of scripts
  std::vector<std::string> served;       // paths of maps that `exclude` does not keep back
  std::vector<Problem> findings;         // that keep Sentry from showing all that it could
};

// `prefix` is what urls begin with, such as "~/" or "https://cdn.shop.example/". Adds every mistake
// in a map to `mistakes`. Error{invalid_input} where the component's source is not there.
SourceMaps source_maps_of(const release::Release& release, const release::ComponentEntry& entry,
                          const std::string& prefix, Problems& mistakes);

}  // namespace sealift::builder
