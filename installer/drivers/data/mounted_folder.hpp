// SPDX-License-Identifier: Apache-2.0
#pragma once

// A folder of data that is a mount point cannot be renamed, so a restore exchanges its entries, all
// below it. The names there say how far one has come, so that the next command finishes what was
// cut off:
//   .NAME.restoring      is being filled, and of no use to anybody else
//   .NAME.taking_LABEL   is whole: what was there goes into .NAME.LABEL, entry by entry
//   .NAME.giving_LABEL   all of it has gone: the new entries come up
// Programs that have the folder open see this happen.

#include <optional>
#include <set>
#include <string>

#include "base/file.hpp"
#include "base/stream.hpp"

namespace sealift::installer {

bool is_mount_point(const fs::path& folder);

class MountedFolder {
 public:
  explicit MountedFolder(fs::path place);

  // Where it fails, everything is as it was.
  void restore(Source& archive, const std::string& label) const;
  // False where no restore was cut off after its content was whole.
  bool finish() const;
  // Entries of restores and of the file system (lost+found), which are no data: no backup holds
  // them, and no restore moves them.
  std::set<std::string> own_entries() const;

 private:
  class Exchange;

  std::string name_of(const std::string& what) const;
  // The label of the restore that was cut off in this part.
  std::optional<std::string> label_of(const std::string& part) const;
  void exchange(const Dir& root, const std::string& label, Exchange& moves) const;

  fs::path place_;
  std::string begin_;  // of the names of own entries
};

}  // namespace sealift::installer
