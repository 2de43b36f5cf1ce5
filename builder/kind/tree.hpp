// SPDX-License-Identifier: Apache-2.0
#pragma once

// Packs a folder, or what a glob matches, as a file table and a canonical tar. Directories and
// symbolic links inside the tree are kept; modes become 0644 or 0755; owners and times are dropped;
// devices, sockets, links that leave the tree and private keys are refused. One pass, each file
// read once, and memory does not grow with the tree.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "builder/kind/kind.hpp"
#include "builder/workshop/file_text.hpp"
#include "content/precompress.hpp"
#include "release/documents/file_table.hpp"

namespace sealift::builder {

// What a kind does with the content of each file, beside packing it. May add to the problems by
// throwing Error{invalid_input}.
using Inspect = std::function<void(const std::string& path, const FileText& file)>;
using OfFile = std::function<bool(const std::string& path)>;
// Told of everything that the tree holds.
using SeeRow = std::function<void(const release::FileEntry& row)>;

// Files that have no source, by their paths.
using MadeFiles = std::map<std::string, std::string>;

// What a kind asks for beside the files as they are. Only what a kind sets is asked for; without
// any of it the tree is just packed.
struct Beside {
  Inspect inspect = {};
  std::size_t inspected_bytes = FileText::kMaxBytes;  // of one file
  SeeRow see_row = {};
  OfFile has_integrity = {};                      // asked of each file: whether to take its SHA-384
  OfFile is_compressible = {};                    // which files get compressed ones beside them
  std::vector<content::Encoding> encodings = {};  // in which encodings
  MadeFiles made = {};
  std::set<std::string> replaced = {};  // paths of the source that what is made stands for
};

// What a kind gets back: two blobs in the spool, and what it says of them in its document.
struct PackedTree {
  content::Descriptor file_table;
  content::Descriptor tree;
  release::ComponentDocument document;
  fs::path folder = {};                            // where paths begin; empty: all is made
  std::map<std::string, std::string> sha384 = {};  // path -> 48 bytes
  // Paths of files that are programs -> how each begins, kProgramHead bytes.
  std::map<std::string, std::string> executables = {};
};

// `tree_type` is the media type of the tar. Compressed files take their place in the order of the
// tree; one that the source has already is left as it is. What is made goes in as if it were in the
// source, which may be empty then; a file in its place is a mistake.
PackedTree pack_tree(const Workshop& workshop, const release::ComponentEntry& entry,
                     std::string_view tree_type, const Beside& beside);

// The same for made files alone, whatever the source holds.
PackedTree pack_texts(const Workshop& workshop, const release::ComponentEntry& entry,
                      std::string_view tree_type, MadeFiles files);

// The component that carries a packed tree.
release::Component tree_component(const release::ComponentEntry& entry,
                                  std::string_view artifact_type, const PackedTree& packed);

}  // namespace sealift::builder
