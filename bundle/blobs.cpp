// SPDX-License-Identifier: Apache-2.0
#include "bundle/blobs.hpp"

#include <algorithm>
#include <optional>

#include "base/file.hpp"
#include "base/format.hpp"

namespace sealift::bundle {

namespace {

// Reads by offset, so that any number of them share a descriptor.
class FileFrom : public Source {
 public:
  FileFrom(int fd, std::uint64_t offset, std::string name)
      : fd_(fd), offset_(offset), name_(std::move(name)) {}
  std::size_t read(std::span<char> into) override {
    const std::size_t count = read_at(fd_, offset_, into, name_);
    offset_ += count;
    return count;
  }

 private:
  int fd_;
  std::uint64_t offset_;
  std::string name_;
};

// A blob may begin inside of a frame: what is before it there is unpacked and dropped.
class BlobSource : public Source {
 public:
  BlobSource(int fd, std::uint64_t offset, std::string name, Workers* workers, std::uint64_t skip,
             std::uint64_t size, const Digest& digest)
      : file_(fd, offset, name), name_(std::move(name)), left_(size), digest_(digest) {
    if (workers != nullptr) frames_.emplace(file_, *workers);
    std::string skipped(64 * 1024, '\0');
    while (skip > 0) {
      const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(skip, skipped.size()));
      skip -= read_fully(bytes(), std::span(skipped).first(part));
    }
  }

  std::size_t read(std::span<char> into) override {
    if (left_ == 0) return 0;
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left_));
    const std::size_t count = bytes().read(into.first(wanted));
    hasher_.update({into.data(), count});
    left_ -= count;
    if (count == 0 || (left_ == 0 && hasher_.finish() != digest_)) {
      throw Error(Errc::corrupt,
                  format("{}: blob {}: content is not what was verified", name_, digest_.str()),
                  "the file was changed while it was used");
    }
    return count;
  }

 private:
  Source& bytes() { return frames_ ? static_cast<Source&>(*frames_) : file_; }

  FileFrom file_;
  std::string name_;
  std::optional<content::FrameSource> frames_;
  std::uint64_t left_;
  Digest digest_;
  Hasher hasher_;
};

}  // namespace

// Sizes of headers and padding are those that the writer makes, so places follow from the
// documents.
Blobs::Blobs(int fd, std::string name, const Contents& contents, Workers& workers)
    : fd_(fd), name_(std::move(name)), workers_(workers) {
  if (!contents.compression.empty()) frames_ = content::read_seek_table(fd, name_);
  std::uint64_t offset = contents.documents_end;
  for (const content::Descriptor& blob : contents.release.payload) {
    const content::TarEntry entry = blob_entry(blob);
    places_.emplace(blob.digest, Place{offset + content::tar_header(entry).size(), blob.size});
    offset += content::tar_entry_size(entry);
  }
}

std::unique_ptr<Source> Blobs::open(const Digest& digest) const {
  const auto found = places_.find(digest);
  if (found == places_.end()) {
    throw Error(Errc::internal, format("{}: holds no blob {}", name_, digest.str()));
  }
  const Place& place = found->second;
  if (frames_.empty()) {
    return std::make_unique<BlobSource>(fd_, place.offset, name_, nullptr, 0, place.size, digest);
  }
  std::uint64_t file_offset = 0;
  std::uint64_t content = 0;
  for (const content::Frame& frame : frames_) {
    if (content + frame.content > place.offset) break;
    content += frame.content;
    file_offset += frame.compressed;
  }
  return std::make_unique<BlobSource>(fd_, file_offset, name_, &workers_, place.offset - content,
                                      place.size, digest);
}

}  // namespace sealift::bundle
