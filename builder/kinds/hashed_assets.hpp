// SPDX-License-Identifier: Apache-2.0
#pragma once

// Files of a bundler's output that never change although their names alone do not prove it
// (release::has_hashed_name()). Three things prove it, beside a name that looks as if it held a
// hash (could_be_hash()): a manifest of the bundler names the file (Vite, webpack), every
// other file of its folder is named in the same way, or it lies in a folder in which Next or
// SvelteKit hash everything, whatever its name. What a pattern of release.yaml says comes first.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "release/documents/serving.hpp"

namespace sealift::builder {

struct HashedAssets {
  release::Serving serving;  // what release.yaml says, and rules for the files that were found
  // What proves it, such as ".vite/manifest.json" -> the files.
  std::map<std::string, std::vector<std::string>> found;
};

// The content of a file of the source; nothing where it is not there, or larger than a manifest is.
using ReadSource = std::function<std::optional<std::string>(const std::string& path)>;

// `files` are all files of the component, `said` is what release.yaml says of them. A manifest is
// also found where `exclude` keeps it out of the component; one that cannot be read proves nothing.
HashedAssets find_hashed(const std::set<std::string>& files, const release::Serving& said,
                         const ReadSource& read);

}  // namespace sealift::builder
