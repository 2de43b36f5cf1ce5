// SPDX-License-Identifier: Apache-2.0
#include "content/zstd_frame.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "content/frames.hpp"

namespace sealift::content {

void refuse_container(std::string_view found) {
  throw Error(Errc::corrupt, format("container: {}", found),
              "the file was damaged on its way; carry it again and compare its SHA-256");
}

std::uint64_t declared_content(std::string_view frame) {
  ZSTD_frameHeader header;
  if (ZSTD_getFrameHeader(&header, frame.data(), frame.size()) != 0) {
    refuse_container("found no Zstandard frame");
  }
  if (header.frameType != ZSTD_frame || header.dictID != 0 ||
      header.frameContentSize == ZSTD_CONTENTSIZE_UNKNOWN) {
    refuse_container(
        "found a Zstandard frame of another kind, expected one that states its content size");
  }
  if (header.frameContentSize == 0) refuse_container("found a frame without content");
  if (header.frameContentSize > kFrameContent || header.windowSize > kFrameContent) {
    refuse_container(format("found a frame of {} bytes, expected at most {}",
                            header.frameContentSize, kFrameContent));
  }
  return header.frameContentSize;
}

std::string compressed_by(ZSTD_CCtx& context, std::string_view content) {
  // The buffer is kept, and never made smaller: a fresh one would cost more page faults than the
  // compression itself, and one that grows again is filled with zeros.
  thread_local std::string buffer;
  buffer.resize(std::max(buffer.size(), ZSTD_compressBound(content.size())));
  const std::size_t size =
      ZSTD_compress2(&context, buffer.data(), buffer.size(), content.data(), content.size());
  if (ZSTD_isError(size) != 0U) {
    throw Error(Errc::internal, format("compression failed: {}", ZSTD_getErrorName(size)));
  }
  return buffer.substr(0, size);
}

}  // namespace sealift::content
