// SPDX-License-Identifier: Apache-2.0
#pragma once

// What of a base is worth having in front of a part of a newer bundle when that is compressed: the
// same file, the file of the same path, that of the same name but for a hash, and content that was
// found again.

#include <vector>

#include "builder/delta/chunk_index.hpp"
#include "builder/delta/outline.hpp"
#include "bundle/delta/step.hpp"

namespace sealift::builder {

// Bytes of a part of the newer payload that stand in the base as well.
struct Copy {
  std::uint64_t begin;  // in the newer payload
  std::uint64_t end;
  std::uint64_t from;  // in the base's
};

// How a part of the newer payload is made of the base.
struct Likes {
  std::vector<Copy> copies;           // in order; long enough to be worth it
  std::vector<bundle::Range> prefix;  // what the rest is like, in order, none touching another, of
                                      // at most content::kMaxPrefix together
};

// Things by a hash, and those of one hash by their size: a tree may have a million empty files.
class BySize {
 public:
  // Both must outlive this.
  void add(std::uint64_t hash, const Placed& placed) {
    all_.push_back({hash, placed.size, &placed});
  }
  // Once all are there.
  void sort();
  // Of those with this hash, one whose size is nearest; null where there is none.
  const Placed* nearest(std::uint64_t hash, std::uint64_t size) const;

 private:
  struct Entry {
    std::uint64_t hash;
    std::uint64_t size;
    const Placed* placed;
  };
  std::vector<Entry> all_;
};

class Likeness {
 public:
  // All must outlive this.
  Likeness(const PayloadOutline& target, const PayloadOutline& base,
           const bundle::PayloadBytes& base_bytes, const ChunkIndex& chunks);

  // For the part of the target's payload that begins at `offset` and has these bytes. For any
  // number of threads.
  Likes of(std::uint64_t offset, std::string_view content) const;

 private:
  struct Span;
  class Wanted;
  struct Part;
  void look_at(const Placed& placed, Part& part) const;
  void take_copies(Part& part) const;
  void look_for_chunks(const Part& part, Wanted& wanted) const;
  const Placed* same_as(const Placed& placed, const Part& part) const;

  const PayloadOutline& target_;
  const PayloadOutline& base_outline_;
  const bundle::PayloadBytes& base_;
  const ChunkIndex& chunks_;
  BySize same_;
  BySize by_path_;
  BySize by_stem_;
};

}  // namespace sealift::builder
