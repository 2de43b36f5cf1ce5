// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one canonical tar encoding (POSIX ustar, with pax records for path, linkpath and size only
// where ustar cannot hold them): mtime 0, owner 0, no user names, zero padding, two zero blocks at
// the end. Bundles' tars are only ever written: a reader that knows what must come regenerates the
// header and compares bytes, so no tar header carries authority and none needs a parser.
// Backups of folders say more of an entry in further pax records, and are read back.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/stream.hpp"

namespace sealift::content {

inline constexpr std::size_t kTarBlock = 512;

enum class TarType : char {
  file = '0',
  hard_link = '1',
  symlink = '2',
  directory = '5',
  fifo = '6'
};

// What a document says of an entry; everything else of a header is fixed.
struct TarEntry {
  std::string name;  // a directory's name ends with '/'
  TarType type = TarType::file;
  unsigned mode = 0644;
  std::uint64_t size = 0;
  std::string link;          // of a symlink or a hard link
  std::string records = {};  // further ones, of pax_record()
};

// "LENGTH KEY=VALUE\n", where LENGTH counts itself (POSIX pax). The value may be any bytes.
std::string pax_record(std::string_view key, std::string_view value);
// Calls `see` for each record of a pax header; Error{corrupt} where they are none.
void each_pax_record(std::string_view records,
                     const std::function<void(std::string_view key, std::string_view value)>& see);

// The header block of `entry`, preceded by a pax header where one is needed.
std::string tar_header(const TarEntry& entry);
// Zero bytes between content of `size` bytes and the next header.
std::string_view tar_padding(std::uint64_t size);
// The two zero blocks.
std::string_view tar_end();
// Bytes of a whole entry: header, content, padding.
std::uint64_t tar_entry_size(const TarEntry& entry);

// The size field of a header block; Error{corrupt} where it is no octal number.
// For the single entry whose size no document states (index.json): the caller regenerates and
// compares the header as always.
std::uint64_t tar_size_field(std::string_view header);

}  // namespace sealift::content
