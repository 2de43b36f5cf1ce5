// SPDX-License-Identifier: Apache-2.0
#pragma once

// Packs a folder, or what a glob matches, as a file table and a canonical tar. Directories and
// symbolic links inside the tree are kept; modes become 0644 or 0755; owners and times are dropped;
// devices, sockets and links that leave the tree are refused. One pass, each file read once, and
// memory does not grow with the tree.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.hpp"
#include "bundle/spool.hpp"
#include "release/manifest.hpp"
#include "release/release_file.hpp"

namespace sealift::builder {

// What a kind does with the content of each file, beside packing it. May add to the problems by
// throwing Error{invalid_input}.
using Inspect = std::function<void(const std::string& path, const std::string& content)>;

struct PackedTree {
  content::Descriptor file_table;
  content::Descriptor tree;
  release::ComponentDocument document;
};

// Files that have no source, by their path.
using MadeFiles = std::map<std::string, std::string>;

// `tree_type` is the media type of the tar. With `inspect`, a file may have at most 4 MiB. `made`
// goes in as if it were in the source, which may be empty then; a file in its place is a mistake.
PackedTree pack_tree(const fs::path& folder, const release::ComponentEntry& entry,
                     std::string_view tree_type, bundle::Spool& spool, Progress& progress,
                     const Inspect& inspect, MadeFiles made = {});

// The component that carries a packed tree.
release::Component tree_component(const release::ComponentEntry& entry,
                                  std::string_view artifact_type, const PackedTree& packed);

}  // namespace sealift::builder
