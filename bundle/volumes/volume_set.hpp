// SPDX-License-Identifier: Apache-2.0
#pragma once

// The volumes of one file, read as that file: in any order, from any folders, with no copy that is
// put together first. What a lost volume held is computed from parity while it is read. Volumes
// carry no authority: what comes out is verified as the file itself would be.
//
// A volume that is missing, cut off or has a damaged header is known as lost from the beginning.
// Damage inside shows when the volume was read to its end, or earlier to whoever verifies what is
// in it. Then check() finds all that is damaged, and reading begins again: see Medium.

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/random_access.hpp"
#include "bundle/volumes/reed_solomon.hpp"
#include "bundle/volumes/volume_header.hpp"

namespace sealift::bundle {

class VolumeSet : public RandomAccess {
 public:
  // Files, and folders in place of all volumes in them. A volume that is given twice counts once.
  // Error{invalid_input} for volumes of several sets, or what is no volume; Error{corrupt} where
  // too few are left, with their numbers.
  explicit VolumeSet(const std::vector<fs::path>& paths);

  const VolumeTable& table() const { return *table_; }
  // By why they are lost.
  const Numbers& missing() const { return missing_; }
  const Numbers& damaged() const { return damaged_; }

  std::uint64_t size() const override { return table_->bytes; }
  // Compares nothing. Error{corrupt} also where a volume cannot be read.
  std::size_t read_at(std::uint64_t offset, std::span<char> into) const override;
  // From the beginning; Error{corrupt} at the end of a volume that differs from its digest.
  std::unique_ptr<Source> source() const;

  // Compares every volume with its digest; those that differ count as lost from now on. Whether
  // there were any. Error{corrupt} where too few are left.
  bool check();

 private:
  struct Volume {
    Fd fd;  // closed: lost
    std::string path;
    std::uint64_t content_at = 0;
  };
  struct Found;
  void take(std::vector<Found> found);
  void lose(unsigned number);
  void settle();
  void read_volume(unsigned number, std::uint64_t offset, std::span<char> into) const;
  void recover(unsigned number, std::uint64_t offset, std::span<char> into) const;
  Digest digest_of(unsigned number) const;
  bool is_lost(unsigned number) const { return !volumes_[number - 1].fd.is_open(); }

  std::optional<VolumeTable> table_;  // always there once it was made
  std::vector<Volume> volumes_;       // by number - 1
  std::vector<std::string> strange_;  // what was given and cannot be read as a volume, in words
  Numbers missing_;
  Numbers damaged_;
  std::vector<std::size_t> left_;              // the pieces that lost ones are made of
  std::vector<std::vector<Factor>> recovery_;  // by number - 1; empty where nothing is lost
};

// Whether a folder has files that are called volumes.
bool holds_volumes(const fs::path& folder);
// Whether these paths are volumes, or a folder of them, rather than one file of another kind.
bool are_volumes(const std::vector<fs::path>& paths);

}  // namespace sealift::bundle
