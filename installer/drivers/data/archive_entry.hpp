// SPDX-License-Identifier: Apache-2.0
#pragma once

// One entry of an archive of data (archive.hpp): a ustar header behind an extended header of its
// own (POSIX, the utility pax, "pax Extended Header"), which has what the first has no room for.
// Extended attributes are records SCHILY.xattr.NAME, as star and GNU tar have them.

#include <ctime>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/stream.hpp"
#include "content/tar.hpp"

namespace sealift::installer {

inline constexpr std::string_view kTop = "./";  // the folder itself
inline constexpr unsigned kPermissions = 07777;
inline constexpr std::size_t kArchivePiece = 128 * 1024;  // bytes read or written at a time

// All of an entry but its content.
struct DataEntry {
  std::string path;  // of a folder with a slash at its end; the folder itself: "./"
  content::TarType type = content::TarType::file;
  unsigned mode = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  timespec modified{};
  std::uint64_t size = 0;                         // of the content that follows
  std::string link;                               // of a symbolic or hard link
  std::map<std::string, std::string> attributes;  // name -> bytes
};

// Both headers, padded to whole blocks.
std::string header_of(const DataEntry& entry);

// Throws Error{corrupt}.
[[noreturn]] void refuse_archive(std::string_view found);

// Reads what header_of() writes; Error{corrupt} where a header is none of ours, or the archive ends
// in the middle or goes on behind its end. That a path stays in the folder is the unpacker's to
// see.
class ArchiveReader {
 public:
  explicit ArchiveReader(Source& archive) : archive_(archive) {}

  // The next entry, nothing at the end; what was not read of the content before is passed over.
  std::optional<DataEntry> next();
  // Content of the current entry; 0 at its end.
  std::size_t read(std::span<char> into);

 private:
  std::string take(std::uint64_t size);
  void end();

  Source& archive_;
  std::uint64_t left_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace sealift::installer
