// SPDX-License-Identifier: Apache-2.0
#pragma once

// A patch: one Zstandard frame (RFC 8878) that states its content's size, has a checksum, and whose
// matches may reach back into a prefix, which whoever reads it must have too: what
// `zstd --patch-from` makes.

#include <cstddef>
#include <string>
#include <string_view>

namespace sealift::content {

inline constexpr std::size_t kMaxPrefix = 32U << 20;

// Of at most kFrameContent bytes of content and kMaxPrefix of prefix, which may be empty; the same
// bytes for the same libzstd.
std::string compress_patch(std::string_view content, std::string_view prefix, int level);

// Error{corrupt} for a frame of another kind, and where it does not give with this prefix what it
// was made of.
std::string decompress_patch(std::string_view frame, std::string_view prefix);

}  // namespace sealift::content
