// SPDX-License-Identifier: Apache-2.0
#include "content/precompress.hpp"

#include <brotli/encode.h>
#include <zlib.h>

#include "base/error.hpp"

namespace sealift::content {

namespace {

constexpr std::size_t kLeastSaving = 64;
constexpr int kGzipLevel = 9;
constexpr int kGzipWindow = 15 + 16;  // the largest; 16 asks for gzip's header
constexpr int kGzipMemory = 9;
constexpr int kUnknownSystem = 255;

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  if (::deflateInit2(&stream, kGzipLevel, Z_DEFLATED, kGzipWindow, kGzipMemory,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
    throw Error(Errc::internal, "zlib cannot start");
  }
  gz_header header{};
  header.os = kUnknownSystem;
  ::deflateSetHeader(&stream, &header);
  std::string packed(::deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int ended = ::deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  if (ended != Z_STREAM_END) throw Error(Errc::internal, "zlib cannot compress");
  return packed;
}

std::string brotli(std::string_view bytes) {
  std::size_t size = ::BrotliEncoderMaxCompressedSize(bytes.size());
  std::string packed(size, '\0');
  if (::BrotliEncoderCompress(BROTLI_MAX_QUALITY, BROTLI_MAX_WINDOW_BITS, BROTLI_MODE_TEXT,
                              bytes.size(), reinterpret_cast<const uint8_t*>(bytes.data()), &size,
                              reinterpret_cast<uint8_t*>(packed.data())) == BROTLI_FALSE) {
    throw Error(Errc::internal, "brotli cannot compress");
  }
  packed.resize(size);
  return packed;
}

}  // namespace

std::string_view suffix_of(Encoding encoding) {
  return encoding == Encoding::brotli ? kBrotliSuffix : kGzipSuffix;
}

std::string_view without_suffix(std::string_view name) {
  for (const std::string_view suffix : {kBrotliSuffix, kGzipSuffix}) {
    if (name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  }
  return {};
}

std::string encode(Encoding encoding, std::string_view bytes) {
  return encoding == Encoding::brotli ? brotli(bytes) : gzip(bytes);
}

bool pays(std::size_t before, std::size_t after) {
  return after + kLeastSaving <= before && after + before / 20 <= before;
}

}  // namespace sealift::content
