// SPDX-License-Identifier: Apache-2.0
#include "builder/delta/chunk_index.hpp"

#include <algorithm>
#include <array>
#include <mutex>

namespace sealift::builder {

namespace {

constexpr std::size_t kShortest = 2U << 10;
constexpr std::size_t kLongest = 64U << 10;
// A boundary in 8 KiB on average.
constexpr std::uint64_t kBoundary = 0xFFF8'0000'0000'0000ULL;

// One number for each value of a byte, without any pattern (splitmix64).
constexpr std::array<std::uint64_t, 256> make_gear() {
  std::array<std::uint64_t, 256> gear{};
  std::uint64_t state = 0;
  for (std::uint64_t& each : gear) {
    state += 0x9E3779B97F4A7C15ULL;
    std::uint64_t mixed = state;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
    each = mixed ^ (mixed >> 31);
  }
  return gear;
}
constexpr std::array<std::uint64_t, 256> kGear = make_gear();

std::uint64_t chunk_hash(std::string_view chunk) {
  return std::hash<std::string_view>{}(chunk);
}

// Where the chunk at the beginning of `bytes` ends. The hash forgets a byte after 64 more, so that
// the boundary depends on nothing before.
std::size_t chunk_end(std::string_view bytes) {
  if (bytes.size() <= kShortest) return bytes.size();
  const std::size_t most = std::min(bytes.size(), kLongest);
  std::uint64_t rolling = 0;
  for (std::size_t i = kShortest - 64; i < most; ++i) {
    rolling = (rolling << 1) + kGear[static_cast<unsigned char>(bytes[i])];
    if (i >= kShortest && (rolling & kBoundary) == 0) return i + 1;
  }
  return most;
}

}  // namespace

void each_chunk(std::string_view bytes,
                const std::function<void(std::size_t offset, std::string_view chunk)>& see) {
  for (std::size_t offset = 0; offset < bytes.size();) {
    const std::size_t size = chunk_end(bytes.substr(offset));
    see(offset, bytes.substr(offset, size));
    offset += size;
  }
}

// Frames are cut on their own: the first chunk of a frame may be unlike, the next ones are not.
ChunkIndex::ChunkIndex(const bundle::PayloadBytes& payload) {
  std::mutex mutex;
  side_by_side(usable_cores(), payload.part().frames.size(), [&] {
    return [&](std::size_t index) {
      std::vector<Chunk> found;
      const std::uint64_t start = payload.start_of(index);
      const auto content = payload.frame(index);
      each_chunk(*content, [&](std::size_t offset, std::string_view chunk) {
        found.push_back({chunk_hash(chunk), start + offset});
      });
      const std::lock_guard guard(mutex);
      chunks_.insert(chunks_.end(), found.begin(), found.end());
    };
  });
  std::sort(chunks_.begin(), chunks_.end());
}

std::optional<std::uint64_t> ChunkIndex::find(std::string_view chunk, std::uint64_t near) const {
  const std::uint64_t hash = chunk_hash(chunk);
  auto behind = std::lower_bound(chunks_.begin(), chunks_.end(), Chunk{hash, near});
  const bool has_behind = behind != chunks_.end() && behind->hash == hash;
  if (behind == chunks_.begin() || std::prev(behind)->hash != hash) {
    if (!has_behind) return {};
    return behind->offset;
  }
  const auto before = std::prev(behind);
  if (!has_behind || near - before->offset <= behind->offset - near) return before->offset;
  return behind->offset;
}

}  // namespace sealift::builder
