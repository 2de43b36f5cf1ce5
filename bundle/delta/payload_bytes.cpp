// SPDX-License-Identifier: Apache-2.0
#include "bundle/delta/payload_bytes.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift::bundle {

namespace {

// Neighbours are asked for again by the next step, and by the other threads.
constexpr std::size_t kKeptFrames = 4;

}  // namespace

PayloadBytes::PayloadBytes(const RandomAccess& file, std::string name, const Contents& contents)
    : file_(file), name_(std::move(name)) {
  if (contents.compression.empty()) {
    throw Error(Errc::incompatible, format("{}: found a plain tar, which has no frames", name_),
                "deltas are made between compressed bundles: build without --compression none");
  }
  part_ = locate_payload(file_, name_, contents);
  std::uint64_t start = 0;
  std::uint64_t offset = part_.offset;
  for (const content::Frame& frame : part_.frames) {
    starts_.push_back(start);
    offsets_.push_back(offset);
    start += frame.content;
    offset += frame.compressed;
  }
  starts_.push_back(start);
}

// Two threads may unpack the same frame; neither waits for the other.
std::shared_ptr<const std::string> PayloadBytes::frame(std::size_t index) const {
  {
    const std::lock_guard guard(mutex_);
    const auto found = std::find_if(kept_.begin(), kept_.end(),
                                    [&](const auto& each) { return each.first == index; });
    if (found != kept_.end()) return found->second;
  }
  const content::Frame& listed = part_.frames[index];
  // As the seek table says, so that a number in it takes no more memory than a frame can have.
  std::string bytes(std::min<std::uint64_t>(listed.compressed, 2 * content::kFrameContent), '\0');
  bytes.resize(file_.read_at(offsets_[index], bytes));
  auto unpacked = std::make_shared<const std::string>(content::decompress_frame(bytes));
  if (unpacked->size() != listed.content) {
    throw Error(Errc::corrupt, format("{}: a frame is not as long as the seek table says", name_));
  }
  const std::lock_guard guard(mutex_);
  kept_.emplace_front(index, unpacked);
  if (kept_.size() > kKeptFrames) kept_.pop_back();
  return unpacked;
}

void PayloadBytes::append(std::string& to, Range range) const {
  if (range.offset > size() || range.length > size() - range.offset) {
    throw Error(Errc::corrupt, format("{}: found a range behind the end of its payload", name_));
  }
  auto index = static_cast<std::size_t>(
      std::upper_bound(starts_.begin(), starts_.end(), range.offset) - starts_.begin() - 1);
  while (range.length > 0) {
    const auto content = frame(index);
    const auto begin = static_cast<std::size_t>(range.offset - starts_[index++]);
    const std::string_view part = std::string_view(*content).substr(begin, range.length);
    to.append(part);
    range.offset += part.size();
    range.length -= static_cast<std::uint32_t>(part.size());
  }
}

}  // namespace sealift::bundle
