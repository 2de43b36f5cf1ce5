// SPDX-License-Identifier: Apache-2.0
#include "content/patch.hpp"

#include <algorithm>
#include <bit>

#include "base/error.hpp"
#include "content/zstd_frame.hpp"

namespace sealift::content {

namespace {

// Long matches are found by a table of their own, which a level's small tables cannot: an entry for
// each 32 bytes of the longest prefix.
constexpr int kLongHashLog = 20;
constexpr int kLongHashRateLog = 5;

// Of a window that has all of both: its tables are emptied for each patch, so it is no larger.
int window_log(std::size_t bytes) {
  return std::max(static_cast<int>(std::bit_width(bytes)), ZSTD_WINDOWLOG_MIN);
}

void set(ZSTD_CCtx& context, ZSTD_cParameter parameter, int value) {
  if (ZSTD_isError(ZSTD_CCtx_setParameter(&context, parameter, value)) != 0U) {
    throw Error(Errc::internal, "libzstd does not take a parameter");
  }
}

}  // namespace

std::string compress_patch(std::string_view content, std::string_view prefix, int level) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  ZSTD_CCtx_reset(context.get(), ZSTD_reset_session_and_parameters);
  set(*context, ZSTD_c_compressionLevel, level);
  set(*context, ZSTD_c_checksumFlag, 1);
  if (!prefix.empty()) {
    set(*context, ZSTD_c_windowLog, window_log(content.size() + prefix.size()));
    set(*context, ZSTD_c_enableLongDistanceMatching, 1);
    set(*context, ZSTD_c_ldmHashLog, kLongHashLog);
    set(*context, ZSTD_c_ldmHashRateLog, kLongHashRateLog);
    ZSTD_CCtx_refPrefix(context.get(), prefix.data(), prefix.size());
  }
  return compressed_by(*context, content);
}

std::string decompress_patch(std::string_view frame, std::string_view prefix) {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  std::string content(declared_content(frame), '\0');
  ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_and_parameters);
  ZSTD_DCtx_refPrefix(context.get(), prefix.data(), prefix.size());
  const std::size_t size = ZSTD_decompressDCtx(context.get(), content.data(), content.size(),
                                               frame.data(), frame.size());
  if (ZSTD_isError(size) != 0U || size != content.size()) {
    refuse_container("found a patch that does not fit its base");
  }
  return content;
}

}  // namespace sealift::content
