// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where content stands in a base, whatever its name: the base is cut where its own bytes say (a
// rolling hash over 64 bytes, as backup programs do), so the same content gives the same chunks
// wherever it has moved.

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/parallel.hpp"
#include "bundle/delta/payload_bytes.hpp"

namespace sealift::builder {

// Calls `see` for each chunk of `bytes`, of about 8 KiB: its offset, and its bytes.
void each_chunk(std::string_view bytes,
                const std::function<void(std::size_t offset, std::string_view chunk)>& see);

class ChunkIndex {
 public:
  // Reads the whole payload, on several threads.
  explicit ChunkIndex(const bundle::PayloadBytes& payload);

  // Where such a chunk stands, the place nearest to `near`; nothing where there is none. For any
  // number of threads.
  std::optional<std::uint64_t> find(std::string_view chunk, std::uint64_t near) const;

 private:
  struct Chunk {
    std::uint64_t hash;
    std::uint64_t offset;
    friend auto operator<=>(const Chunk&, const Chunk&) = default;
  };
  std::vector<Chunk> chunks_;  // sorted
};

}  // namespace sealift::builder
