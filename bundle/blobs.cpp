// SPDX-License-Identifier: Apache-2.0
#include "bundle/blobs.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include "base/format.hpp"
#include "base/parallel.hpp"

namespace sealift::bundle {

namespace {

// A frame of more than its content in bytes and what Zstandard may add is none that we wrote.
constexpr std::uint64_t kMaxCompressed = 2 * content::kFrameContent;

// The content of some frames, unpacked ahead on the workers: of these, and of none behind them.
class FramesFrom : public Source {
 public:
  FramesFrom(AccessSource file, std::span<const content::Frame> frames, Workers& workers)
      : file_(std::move(file)), frames_(frames), queue_(workers) {}
  std::size_t read(std::span<char> into) override {
    while (used_ == content_.size()) {
      fill();
      if (queue_.empty()) return 0;
      content_ = queue_.take();
      used_ = 0;
      fill();
    }
    const std::size_t count = content_.copy(into.data(), into.size(), used_);
    used_ += count;
    return count;
  }

 private:
  void fill() {
    while (!frames_.empty() && !queue_.full()) {
      if (frames_.front().compressed > kMaxCompressed) {
        throw Error(Errc::corrupt, "the seek table has a frame that is too large");
      }
      std::string bytes(frames_.front().compressed, '\0');
      bytes.resize(read_fully(file_, bytes));
      frames_ = frames_.subspan(1);
      queue_.put([bytes = std::move(bytes)] { return content::decompress_frame(bytes); });
    }
  }

  AccessSource file_;
  std::span<const content::Frame> frames_;
  std::string content_;
  std::size_t used_ = 0;
  Ordered<std::string> queue_;
};

// A blob may begin inside of a frame: what is before it there is unpacked and dropped.
class BlobSource : public Source {
 public:
  BlobSource(std::unique_ptr<Source> bytes, std::string name, std::uint64_t skip,
             std::uint64_t size, const Digest& digest)
      : bytes_(std::move(bytes)), name_(std::move(name)), left_(size), digest_(digest) {
    std::string skipped(64 * 1024, '\0');
    while (skip > 0) {
      const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(skip, skipped.size()));
      const std::size_t count = read_fully(*bytes_, std::span(skipped).first(part));
      if (count == 0) refuse();
      skip -= count;
    }
  }

  std::size_t read(std::span<char> into) override {
    if (left_ == 0) return 0;
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left_));
    const std::size_t count = bytes_->read(into.first(wanted));
    hasher_.update({into.data(), count});
    left_ -= count;
    if (count == 0 || (left_ == 0 && hasher_.finish() != digest_)) refuse();
    return count;
  }

 private:
  [[noreturn]] void refuse() const {
    throw Error(Errc::corrupt,
                format("{}: blob {}: content is not what was verified", name_, digest_.str()),
                "the file was changed while it was used");
  }

  std::unique_ptr<Source> bytes_;
  std::string name_;
  std::uint64_t left_;
  Digest digest_;
  Hasher hasher_;
};

// Of the tar, as far as the seek table or the length of the file says.
std::uint64_t content_bytes(const RandomAccess& file, const std::vector<content::Frame>& frames) {
  if (frames.empty()) return file.size();
  return std::accumulate(
      frames.begin(), frames.end(), std::uint64_t{0},
      [](std::uint64_t sum, const content::Frame& frame) { return sum + frame.content; });
}

}  // namespace

// Sizes of headers and padding are those that the writer makes, so places follow from the
// documents.
Blobs::Blobs(const RandomAccess& file, std::string name, const Contents& contents, Workers& workers)
    : file_(file), name_(std::move(name)), workers_(workers) {
  if (!contents.compression.empty()) frames_ = content::read_seek_table(file_);
  std::uint64_t offset = contents.documents_end;
  for (const content::Descriptor& blob : contents.release.payload) {
    const content::TarEntry entry = blob_entry(blob);
    places_.emplace(blob.digest, Place{offset + content::tar_header(entry).size(), blob.size});
    offset += content::tar_entry_size(entry);
  }
  const std::uint64_t expected = offset + content::tar_end().size();
  if (const std::uint64_t found = content_bytes(file_, frames_); found != expected) {
    throw Error(Errc::corrupt, format("{}: found {} bytes of content, its documents say {}", name_,
                                      found, expected));
  }
}

std::unique_ptr<Source> Blobs::open(const Digest& digest) const {
  const auto found = places_.find(digest);
  if (found == places_.end()) {
    throw Error(Errc::internal, format("{}: holds no blob {}", name_, digest.str()));
  }
  const Place& place = found->second;
  if (frames_.empty()) {
    return std::make_unique<BlobSource>(std::make_unique<AccessSource>(file_, place.offset), name_,
                                        0, place.size, digest);
  }
  std::uint64_t file_offset = 0;
  std::uint64_t content = 0;
  std::size_t first = 0;
  while (first < frames_.size() && content + frames_[first].content <= place.offset) {
    content += frames_[first].content;
    file_offset += frames_[first++].compressed;
  }
  const std::uint64_t skip = place.offset - content;
  std::size_t end = first;
  while (end < frames_.size() && content < place.offset + place.size) {
    content += frames_[end++].content;
  }
  return std::make_unique<BlobSource>(
      std::make_unique<FramesFrom>(AccessSource(file_, file_offset),
                                   std::span(frames_).subspan(first, end - first), workers_),
      name_, skip, place.size, digest);
}

}  // namespace sealift::bundle
