// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads what bundlers write of their output: the manifest of Vite, those of webpack (of
// webpack-manifest-plugin, of Create React App, of webpack-bundle-tracker) and webpack's stats.

#include <string>
#include <string_view>
#include <vector>

namespace sealift::builder {

struct BundledFile {
  std::string file;       // as the manifest writes it: a path, or a URL
  std::string name = {};  // what the bundler puts before the hash; empty: not known
};

// Empty where the text is no such manifest, such as the manifest of a web app.
std::vector<BundledFile> read_bundler_manifest(std::string_view text);

}  // namespace sealift::builder
