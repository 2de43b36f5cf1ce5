// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writes a tree into an empty directory, entry by entry in the order of its file table. A file that
// an earlier tree holds with the same content, mode and owner is shared with it: as a reflink where
// the file system has them, else as a hard link after the old file was hashed again. Hard links are
// safe because no managed file is ever written in place. Nothing is synced here.

#include <memory>
#include <optional>
#include <string>

#include "base/file.hpp"
#include "base/folder_cursor.hpp"
#include "installer/content/content.hpp"
#include "installer/drivers/files/receipts.hpp"
#include "installer/site/table_key.hpp"

namespace sealift::installer {

// By number, since a target may have other names for its users than the host where site.yaml was
// written.
struct Owner {
  unsigned uid;
  unsigned gid;
};

// A tree that files may be shared with.
struct SharedTree {
  Dir root;
  std::unique_ptr<Source> table;
};

class TreeWriter {
 public:
  // Without `owner`, files belong to the user that runs this.
  TreeWriter(const Dir& root, std::optional<Owner> owner, Receipts& receipts, TableKey key);
  ~TreeWriter();
  // At most one tree, given before the first put().
  void share_with(SharedTree base);
  // Writes `entry`; its content comes from `content`. Throws Error{corrupt} where that content is
  // not what the entry's digest says.
  void put(const release::FileEntry& entry, TreeStream& content);
  // Bytes that were written, not shared.
  std::uint64_t written() const { return written_; }

 private:
  class Base;
  // True where the file is there afterwards; false where it has to be written.
  bool share(const release::FileEntry& entry, const Dir& folder);
  bool share_by_reflink(const release::FileEntry& entry, const Dir& folder, int old);
  bool share_by_link(const release::FileEntry& entry, const Dir& folder, int old);
  void write_file(const release::FileEntry& entry, const Dir& folder, TreeStream& content);
  void own(int fd, std::string_view name) const;
  void note(int fd, const Digest& digest);

  FolderCursor cursor_;
  std::optional<Owner> owner_;
  Receipts& receipts_;
  TableKey key_;
  std::unique_ptr<Base> base_;
  bool reflinks_ = true;  // until the file system says no
  std::uint64_t written_ = 0;
  std::string buffer_;
};

}  // namespace sealift::installer
