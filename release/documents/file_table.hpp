// SPDX-License-Identifier: Apache-2.0
#pragma once

// The file table of a component: one JSON line per entry of its tree, in the order of the tar that
// carries the tree, i.e. sorted bytewise by tar name (a directory's ends with '/'). Canonical: keys
// sorted, no white space, each line ends with a newline.
//   {"mode":"0755","path":"assets","type":"directory"}
//   {"mode":"0644","path":"assets/app.js","sha256":"<64 hex>","size":123,"type":"file"}
//   {"path":"latest","target":"assets/app.js","type":"symlink"}

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/digest.hpp"
#include "base/file.hpp"
#include "base/path.hpp"
#include "base/stream.hpp"
#include "content/tar.hpp"

namespace sealift::release {

inline constexpr std::uint64_t kMaxFileTableBytes = 512ULL << 20;
inline constexpr std::uint64_t kMaxEntries = 2'000'000;  // a million files and their folders

struct FileEntry {
  RelPath path;
  EntryType type = EntryType::file;  // never `other`
  unsigned mode = 0644;              // permission bits; in a bundle 0644 or 0755
  std::uint64_t size = 0;            // of a file
  std::optional<Digest> digest;      // of a file
  std::string target;                // of a symlink

  friend bool operator==(const FileEntry&, const FileEntry&) = default;
};

std::string to_line(const FileEntry& entry);
// Strict: only the bytes that to_line() writes; Error{corrupt}. Without the newline.
FileEntry parse_line(std::string_view line);
// The header of the entry in the tree's tar.
content::TarEntry tar_entry(const FileEntry& entry);

// Throws Error{invalid_input} unless a symlink at `path` that points to `target` stays inside the
// tree whatever other links there are: leading "..", no more than directories above, then names.
void check_symlink(const RelPath& path, std::string_view target);

// Checks entry after entry that a table is a tree: sorted, each parent listed before as a
// directory, no two names that a case-insensitive or normalising file system would merge, links
// inside. Throws Error{invalid_input}.
class TreeRules {
 public:
  explicit TreeRules(std::uint64_t most = kMaxEntries) : most_(most) {}
  void check(const FileEntry& entry);

 private:
  struct Folder {
    std::string prefix;  // "" or "a/b/"
    std::unordered_set<std::uint64_t> names;
  };
  std::uint64_t most_;
  std::string last_;
  std::vector<Folder> open_ = {Folder{}};
  std::uint64_t count_ = 0;
};

// The lines of a table, whatever its size, unread; Error{corrupt} for one that does not end.
class TableLines {
 public:
  explicit TableLines(Source& source) : source_(source) {}
  // Without its newline, until the next call; nothing at the end.
  std::optional<std::string_view> next();

 private:
  Source& source_;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::uint64_t total_ = 0;
};

// Reads a table line by line and applies TreeRules; Error{corrupt}.
class FileTableReader {
 public:
  explicit FileTableReader(Source& source) : lines_(source) {}
  // Nothing at the end.
  std::optional<FileEntry> next();

 private:
  TableLines lines_;
  TreeRules rules_;
};

enum class Change { added, changed, removed, same };

// Whether entries that are the same are reported as well, or no more than counted, which is some
// ten times faster: they are not parsed.
enum class Same { reported, counted };

// Walks two tables side by side (a null source is an empty table) and reports each path once, with
// the entry on either side where it exists. Returns how many are the same. TreeRules are not
// applied: a table that is no tree is refused where it is taken in.
std::uint64_t compare_tables(
    Source* before, Source* after, Same same,
    const std::function<void(Change, const FileEntry* before, const FileEntry* after)>& report);

}  // namespace sealift::release
