// SPDX-License-Identifier: Apache-2.0
#pragma once

// ZIP archives (APPNOTE.TXT 6.3, without its 64-bit form) that are written whole, in memory. The
// bytes depend on nothing but names and content: every file has the first time that the format
// knows. Nothing here reads them.

#include <cstdint>
#include <string>
#include <string_view>

namespace sealift::content {

class ZipWriter {
 public:
  // `begin`: bytes in front of the first file, which count in the offsets.
  explicit ZipWriter(std::string begin = {}) : bytes_(std::move(begin)) {}

  // A file, deflated. Names are UTF-8, relative, and given once.
  // Error{invalid_input} beyond 65,534 files or 4 GiB.
  void add(std::string_view name, std::string_view content);
  // The archive; nothing may be added afterwards.
  std::string finish();

 private:
  std::string bytes_;
  std::string directory_;  // its end: a row for each file
  std::uint16_t count_ = 0;
};

}  // namespace sealift::content
