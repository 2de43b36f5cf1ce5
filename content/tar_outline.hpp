// SPDX-License-Identifier: Apache-2.0
#pragma once

// The outline of a tar is the digest of its headers, in order. Two tars with one outline hold the
// same names, types, modes, link targets and sizes; so a tree can be compared with its file table
// while it passes by, in constant memory.

#include "base/digest.hpp"
#include "base/stream.hpp"
#include "content/tar.hpp"

namespace sealift::content {

class TarOutline {
 public:
  void add(const TarEntry& entry) { hasher_.update(tar_header(entry)); }
  Digest finish() { return hasher_.finish(); }

 private:
  Hasher hasher_;
};

// Reads `tar` to its end and passes over the content of its entries. What a header says is believed
// only as far as finding the next one: another tar has another outline. Error{corrupt} where the
// bytes are no tar, or do not end with two zero blocks.
Digest read_outline(Source& tar);

}  // namespace sealift::content
