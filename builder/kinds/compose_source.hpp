// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Compose file of a component's source. Where it is one of several, that lie over each other,
// include or extend others, the release carries the one that they make.

#include <set>
#include <string>

#include "builder/kind/kind.hpp"
#include "builder/kind/tree.hpp"
#include "release/text/yaml.hpp"

namespace sealift::builder {

struct ComposeSource {
  release::ComponentEntry entry;      // what is packed
  MadeFiles made;                     // the file, where it is merged, and .env, where there is none
  std::set<std::string> replaced;     // paths in the source that it was made of
  release::YamlOrigins origins = {};  // of a merged file's values
  std::vector<release::YamlOrigin> lines = {};  // and of its lines
  // Whether a path of the tree comes from the component's source, and was not made by the build.
  bool is_own(const std::string& path) const;
};

// Throws Error{invalid_input} with every mistake of files that are merged.
ComposeSource compose_source(const release::ComponentEntry& entry, const Workshop& workshop);

// The source is one file, or a folder with a file of a name that Compose knows, or with the one
// that the list names behind it: its path among `files`. Error{invalid_input} where there is none,
// or more than one.
std::string compose_file(const release::ComponentEntry& entry, const std::set<std::string>& files);

}  // namespace sealift::builder
