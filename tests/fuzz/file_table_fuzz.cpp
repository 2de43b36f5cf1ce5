// SPDX-License-Identifier: Apache-2.0
#include "release/documents/file_table.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kFileTable("file_table", [](std::string_view bytes) {
  StringSource source(bytes);
  release::FileTableReader table(source);
  std::string written;
  while (const std::optional<release::FileEntry> entry = table.next()) {
    written += to_line(*entry) + "\n";
    const content::TarEntry in_tar = tar_entry(*entry);
    require(tar_entry_size(in_tar) > entry->size, "sizes do not overflow");
  }
  require(written == bytes, "a file table has one spelling");
});

}  // namespace sealift::fuzz
