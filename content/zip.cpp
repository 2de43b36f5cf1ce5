// SPDX-License-Identifier: Apache-2.0
#include "content/zip.hpp"

#include <limits>

#include "base/error.hpp"
#include "base/little_endian.hpp"
#include "content/precompress.hpp"

namespace sealift::content {

namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kDirectoryRow = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint16_t kVersion = 20;    // that a reader needs for deflate
constexpr std::uint16_t kUtf8 = 1 << 11;  // names are
constexpr std::uint16_t kDeflate = 8;
constexpr std::uint16_t kMidnight = 0;
constexpr std::uint16_t kFirstDay = 1 << 5 | 1;  // 1980-01-01
constexpr std::uint16_t kMostFiles = std::numeric_limits<std::uint16_t>::max() - 1;
constexpr std::uint64_t kMostBytes = std::numeric_limits<std::uint32_t>::max();

// Around what is deflated in a file of gzip that says nothing more (RFC 1952, 2.3).
constexpr std::size_t kGzipHeader = 10;
constexpr std::size_t kGzipTrailer = 8;

void put16(std::string& bytes, std::uint16_t value) {
  put_little(bytes, value);
}
void put32(std::string& bytes, std::uint64_t value) {
  put_little(bytes, static_cast<std::uint32_t>(value));
}

// What stands in front of a file and in its row alike.
std::string described(std::string_view name, std::string_view gzip, std::string_view content) {
  std::string head;
  put16(head, kVersion);
  put16(head, kUtf8);
  put16(head, kDeflate);
  put16(head, kMidnight);
  put16(head, kFirstDay);
  head += gzip.substr(gzip.size() - kGzipTrailer, sizeof(std::uint32_t));  // CRC-32, as here
  put32(head, gzip.size() - kGzipHeader - kGzipTrailer);
  put32(head, content.size());
  put16(head, static_cast<std::uint16_t>(name.size()));
  put16(head, 0);  // bytes of extra fields
  return head;
}

}  // namespace

void ZipWriter::add(std::string_view name, std::string_view content) {
  constexpr std::size_t kMostName = std::numeric_limits<std::uint16_t>::max();
  if (count_ == kMostFiles || name.size() > kMostName || content.size() > kMostBytes / 2) {
    throw Error(Errc::invalid_input, "found more than a ZIP archive can hold");
  }
  const std::string gzip = encode(Encoding::gzip, content);
  const std::string head = described(name, gzip, content);
  const std::uint64_t offset = bytes_.size();
  put32(bytes_, kLocalHeader);
  bytes_ += head;
  bytes_ += name;
  bytes_.append(gzip, kGzipHeader, gzip.size() - kGzipHeader - kGzipTrailer);
  put32(directory_, kDirectoryRow);
  put16(directory_, kVersion);  // of the writer
  directory_ += head;
  put16(directory_, 0);  // bytes of a comment
  put16(directory_, 0);  // the disk
  put16(directory_, 0);  // attributes
  put32(directory_, 0);
  put32(directory_, offset);
  directory_ += name;
  ++count_;
  if (bytes_.size() + directory_.size() > kMostBytes) {
    throw Error(Errc::invalid_input, "found more than 4 GiB for a ZIP archive");
  }
}

std::string ZipWriter::finish() {
  const std::uint64_t offset = bytes_.size();
  bytes_ += directory_;
  put32(bytes_, kEnd);
  put16(bytes_, 0);  // the disk
  put16(bytes_, 0);  // that the directory begins on
  put16(bytes_, count_);
  put16(bytes_, count_);
  put32(bytes_, directory_.size());
  put32(bytes_, offset);
  put16(bytes_, 0);  // bytes of a comment
  return std::move(bytes_);
}

}  // namespace sealift::content
