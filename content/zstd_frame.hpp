// SPDX-License-Identifier: Apache-2.0
#pragma once

// What frames.cpp and patch.cpp share of libzstd; for these two alone.

#define ZSTD_STATIC_LINKING_ONLY  // ZSTD_getFrameHeader
#include <zstd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sealift::content {

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// Error{corrupt} about the container.
[[noreturn]] void refuse_container(std::string_view found);

// The content size a canonical frame declares; refuses dictionaries, unknown sizes and big windows.
std::uint64_t declared_content(std::string_view frame);

// A frame by `context`, whose parameters and prefix are set.
std::string compressed_by(ZSTD_CCtx& context, std::string_view content);

}  // namespace sealift::content
