// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the file system said of each file when we last knew its content: inode, size, mtime, ctime.
// A file whose stat still matches need not be hashed again, which makes a rollback of thousands of
// files take milliseconds; any mismatch only costs a hash. Like git's index this is a cache:
// nothing depends on it, a missing or broken one is an empty one. Keyed by inode, so that hard
// links between releases share one receipt. One binary file per target.

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "base/digest.hpp"
#include "base/file.hpp"

namespace sealift::installer {

class Receipts {
 public:
  // An empty cache where `file` is missing or not what save() wrote.
  static Receipts load(const fs::path& file);

  // True where the file of `status` had the content `digest` and was not touched since.
  bool vouch_for(const struct stat& status, const Digest& digest) const;
  // True where the file of `status` is known and was not touched since, whatever its content.
  bool is_untouched(const struct stat& status) const;
  // The file of `status` has this content now.
  void record(const struct stat& status, const Digest& digest);
  // Our own link or unlink changed the ctime of a file that is_untouched() just before.
  void refresh(const struct stat& status);
  void save() const;

 private:
  struct Receipt {
    std::uint64_t inode;
    std::uint64_t size;
    std::int64_t modified;  // nanoseconds
    std::int64_t changed;   // nanoseconds
    std::uint64_t content;  // the first eight bytes of the digest
  };
  explicit Receipts(fs::path file) : file_(std::move(file)) {}
  static Receipt receipt_of(const struct stat& status, std::uint64_t content);
  void read_records();
  Receipt* find(std::uint64_t inode) const;
  // Among those that are sorted.
  Receipt* find_sorted(std::uint64_t inode) const;
  void sort() const;

  fs::path file_;
  // Sorted by inode but for the newest; sorted again before a look-up.
  mutable std::vector<Receipt> receipts_;
  mutable std::size_t sorted_ = 0;
};

}  // namespace sealift::installer
