// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where everything stands in the payload of a bundle: its blobs, and the files of its trees.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "bundle/blobs.hpp"
#include "bundle/reader.hpp"
#include "release/documents/file_table.hpp"

namespace sealift::builder {

// A file of a tree, or a blob, with its header and padding. Names are kept as hashes: a tree may
// have a million.
struct Placed {
  std::uint64_t offset;   // in the payload
  std::uint64_t size;     // in the payload
  std::uint64_t content;  // the hash of its digest
  std::uint64_t path;     // the hash of its component and path; of a blob, 0
  std::uint64_t stem;  // the same of its path without what changes with the content; of a blob, 0
};

struct PayloadOutline {
  std::vector<Placed> blobs;
  // In order. The tables are read: a bundle that has been verified, or was built here.
  std::vector<Placed> files;
};

// Every file of the trees that a bundle carries, with its place and size in the payload, header and
// padding included. Two components may have one tree, whose files come twice.
using SeeFile =
    std::function<void(const release::Component& component, const release::FileEntry& entry,
                       std::uint64_t offset, std::uint64_t size)>;
void each_file(const bundle::Contents& contents, const bundle::Blobs& blobs, const SeeFile& see);

PayloadOutline outline_of(const bundle::Contents& contents, const bundle::Blobs& blobs);

// A path without the parts of its name that bundlers make from the content: "assets/index.js" for
// "assets/index-4f3a21bc.js". The rule is a guess that costs nothing where it is wrong.
std::string stem_of(std::string_view path);

}  // namespace sealift::builder
