// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/bundler_manifest.hpp"

#include "base/json.hpp"

namespace sealift::builder {

namespace {

// "src/pages/Home.tsx" -> "Home" Without its last ending alone: "a.b.js" is "a.b".
std::string stem_of(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return std::string(name.substr(0, name.rfind('.')));
}

// Vite: {"src/main.ts": {"file": "assets/main-BQ7r9xaZ.js", "name": "main", "css": [...]}}
void read_chunk(const std::string& key, const Json& chunk, std::vector<BundledFile>& files) {
  const std::string source = text_at(chunk, "src");
  std::string name = text_at(chunk, "name");
  if (name.empty()) name = stem_of(source.empty() ? key : source);
  if (std::string file = text_at(chunk, "file"); !file.empty()) {
    files.push_back({.file = std::move(file), .name = std::move(name)});
  }
  for (const std::string_view list : {"css", "assets"}) {
    for (const Json& file : list_at(chunk, list)) {
      if (file.is_string()) files.push_back({.file = file.text()});
    }
  }
}

// webpack-manifest-plugin: {"main.js": "/static/main.3f9a1c2e.js"}, webpack-bundle-tracker:
// {"main-3f9a1c2e.js": {"name": "main-3f9a1c2e.js"}} Anything else under a key is passed over.
void read_map(const Json& map, std::vector<BundledFile>& files) {
  for (const auto& [key, value] : map.items()) {
    if (value.is_string()) files.push_back({.file = value.text(), .name = stem_of(key)});
    if (!value.is_object()) continue;
    if (value.contains("file")) {
      read_chunk(key, value, files);
    } else if (value.contains("name")) {
      files.push_back({.file = key});
    }
  }
}

}  // namespace

// Tolerant of everything: a name that is no file of the component is passed over by the caller.
std::vector<BundledFile> read_bundler_manifest(std::string_view text) {
  Json manifest;
  try {
    manifest = parse_json(text, "manifest", Errc::corrupt, Numbers::any);
  } catch (const Error&) {
    return {};
  }
  std::vector<BundledFile> files;
  read_map(manifest, files);
  for (const std::string_view key : {"files", "assets"}) {
    read_map(object_at(manifest, key), files);
    // webpack's stats: [{"name": "main.3f9a1c2e.js", "info": {"immutable": true}}]
    for (const Json& asset : list_at(manifest, key)) {
      const bool is_immutable = asset.contains("/info/immutable"_json_pointer) &&
                                asset["info"]["immutable"] == Json(true);
      if (is_immutable) files.push_back({.file = text_at(asset, "name")});
    }
  }
  return files;
}

}  // namespace sealift::builder
