// SPDX-License-Identifier: Apache-2.0
#pragma once

// SHA256SUMS beside a bundle: what a transfer desk checks with `sha256sum -c` before anything of
// ours runs. It proves that a file arrived whole, not that it may be trusted.

#include "base/digest.hpp"
#include "base/file.hpp"

namespace sealift::builder {

inline constexpr std::string_view kSumsName = "SHA256SUMS";

// Puts the line of `file` into SHA256SUMS of its folder; lines of other files stay. A signature of
// the old SHA256SUMS is removed with a warning, because it would not verify any more.
void write_sum(const fs::path& file, const Digest& digest);

// SHA-256 of a file's bytes, and their number.
struct FileSum {
  Digest digest;
  std::uint64_t bytes;
};
// Error{io} where it cannot be read to its end.
FileSum sum_of(const fs::path& file);

}  // namespace sealift::builder
