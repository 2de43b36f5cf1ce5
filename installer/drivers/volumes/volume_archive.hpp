// SPDX-License-Identifier: Apache-2.0
#pragma once

// The tar of a volume: any that an engine writes. It begins with the folder itself, whose owner and
// mode engines do not restore by themselves.

#include <optional>
#include <string>

#include "base/stream.hpp"
#include "installer/drivers/data/archive_entry.hpp"

namespace sealift::installer {

// A tar whose first entry was looked at; all of it is read from here.
class VolumeArchive : public Source {
 public:
  // `tar` outlives this.
  explicit VolumeArchive(Source& tar);

  // Owner, mode and time of the folder itself; nothing where the tar does not say.
  const std::optional<DataEntry>& top() const { return top_; }
  std::size_t read(std::span<char> into) override;

 private:
  std::string take_block();

  Source& tar_;
  std::string head_;  // what was read to look at it
  std::size_t given_ = 0;
  std::optional<DataEntry> top_;
};

// Reads to the end, and is false where nothing but the folder itself is in it. Error{corrupt} where
// it is no tar.
bool holds_entries(Source& tar);

}  // namespace sealift::installer
