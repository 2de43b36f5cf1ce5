// SPDX-License-Identifier: Apache-2.0
#include "content/expected_tar.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::content {

ExpectedTar::ExpectedTar(Source& source, std::string name)
    : source_(source), name_(std::move(name)) {}

void ExpectedTar::refuse(std::string_view found) const {
  throw Error(Errc::corrupt, format("{}: {}: {}", name_, printable(entry_), found));
}

std::string ExpectedTar::take(std::size_t size) {
  std::string bytes(size, '\0');
  const std::size_t got = read_fully(source_, bytes);
  position_ += got;
  if (got != size) refuse("found the end of the file too early");
  return bytes;
}

void ExpectedTar::header(const TarEntry& entry) {
  entry_ = entry.name;
  const std::string expected = tar_header(entry);
  if (take(expected.size()) != expected) refuse("found another header than the documents ask for");
  size_ = left_ = entry.size;
  padded_ = false;
  if (left_ == 0) skip_padding();
}

std::string ExpectedTar::file_of_unknown_size(const std::string& entry_name, std::uint64_t limit) {
  entry_ = entry_name;
  const std::string found = take(kTarBlock);
  const std::uint64_t size =
      while_doing(format("{}: {}", name_, entry_name), [&] { return tar_size_field(found); });
  if (size > limit) refuse(format("found {} bytes, expected at most {}", size, limit));
  if (tar_header({.name = entry_name, .size = size, .link = {}}) != found) {
    refuse("found another header, expected this file here");
  }
  size_ = left_ = size;
  padded_ = false;
  return content();
}

std::size_t ExpectedTar::read(std::span<char> into) {
  if (left_ == 0) {
    skip_padding();
    return 0;
  }
  const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left_));
  const std::size_t got = source_.read(into.first(wanted));
  if (got == 0) refuse("found the end of the file inside its content");
  left_ -= got;
  position_ += got;
  if (left_ == 0) skip_padding();
  return got;
}

std::string ExpectedTar::content() {
  std::string bytes(size_, '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) filled += read(std::span(bytes).subspan(filled));
  skip_padding();
  return bytes;
}

void ExpectedTar::skip_padding() {
  if (padded_) return;
  padded_ = true;
  const std::string_view expected = tar_padding(size_);
  if (take(expected.size()) != expected) refuse("found padding that is not zero");
}

void ExpectedTar::end() {
  entry_ = "end of the archive";
  if (take(tar_end().size()) != tar_end()) refuse("found another entry than the documents name");
  char extra = 0;
  if (source_.read(std::span(&extra, 1)) != 0) refuse("found bytes after the end");
}

}  // namespace sealift::content
