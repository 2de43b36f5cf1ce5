// SPDX-License-Identifier: Apache-2.0
#include "content/tar_outline.hpp"

#include <charconv>

#include "base/error.hpp"

namespace sealift::content {

namespace {

constexpr std::size_t kTypeAt = 156;
constexpr std::uint64_t kMaxPax = 16384;  // a path and a link target of the longest kind

[[noreturn]] void refuse(std::string_view found) {
  throw Error(Errc::corrupt, std::string(found));
}

std::string take(Source& tar, std::size_t size) {
  std::string bytes(size, '\0');
  if (read_fully(tar, bytes) != size) refuse("found the end inside a tar");
  return bytes;
}

std::uint64_t with_padding(std::uint64_t size) {
  return size + tar_padding(size).size();
}

// What a pax header says of the size, if anything.
std::uint64_t pax_size(std::string_view records, std::uint64_t otherwise) {
  each_pax_record(records, [&](std::string_view key, std::string_view value) {
    if (key != "size") return;
    if (std::from_chars(value.data(), value.data() + value.size(), otherwise).ec != std::errc()) {
      refuse("found a broken pax record");
    }
  });
  return otherwise;
}

void pass_over(Source& tar, std::uint64_t size, std::string& buffer) {
  while (size > 0) {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size, buffer.size()));
    if (read_fully(tar, std::span(buffer).first(part)) != part) {
      refuse("found the end inside a tar");
    }
    size -= part;
  }
}

}  // namespace

Digest read_outline(Source& tar) {
  Hasher hasher;
  std::string buffer(256 * 1024, '\0');
  while (true) {
    std::string header = take(tar, kTarBlock);
    if (header == tar_end().substr(0, kTarBlock)) break;
    std::string pax;
    if (header[kTypeAt] == 'x') {
      const std::uint64_t size = tar_size_field(header);
      if (size > kMaxPax) refuse("found a pax header of more than 16 KiB");
      pax = take(tar, with_padding(size));
      hasher.update(header);
      hasher.update(pax);
      header = take(tar, kTarBlock);
    }
    hasher.update(header);
    pass_over(tar, with_padding(pax_size(pax, tar_size_field(header))), buffer);
  }
  if (take(tar, kTarBlock) != tar_end().substr(0, kTarBlock) || tar.read(buffer) != 0) {
    refuse("found something behind the end of a tar");
  }
  return hasher.finish();
}

}  // namespace sealift::content
