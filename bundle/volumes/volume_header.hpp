// SPDX-License-Identifier: Apache-2.0
#pragma once

// A volume is a part of a file that was cut for the journey, or parity over all parts
// (docs/volumes.md). It begins with a header that says of which file, and what the digests of all
// volumes are; it carries no authority, only what finds damage. A header is read from bytes that
// nobody vouches for: strictly, in one spelling, at most kMaxHeaderBytes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "bundle/volumes/named_release.hpp"
#include "bundle/volumes/numbers.hpp"

namespace sealift::bundle {

inline constexpr std::string_view kVolumeMagic = "sealift volume\r\n";
inline constexpr std::string_view kVolumeEnding = ".volume";
// Room for the largest header, of 255 volumes, so that a volume's size follows from its content's.
inline constexpr std::uint64_t kMaxHeaderBytes = 64U << 10;
// With its header a volume fits FAT32, whose files are at most 4 GiB - 1 bytes.
inline constexpr std::uint64_t kUsualVolume = 4ULL << 30;

// What all volumes of one set say alike.
struct VolumeTable {
  std::string file;  // its name, without a folder
  std::uint64_t bytes = 0;
  Digest digest;                        // of the whole file
  std::optional<NamedRelease> release;  // where the file is a bundle
  std::uint64_t volume_bytes = 0;       // content of every data volume but the last
  unsigned data = 0;
  unsigned parity = 0;
  std::vector<Digest> digests;  // of the content of each volume, data first
  friend bool operator==(const VolumeTable&, const VolumeTable&) = default;

  unsigned count() const { return data + parity; }
  // Bytes of content of a volume, by its number.
  std::uint64_t content_bytes(unsigned number) const;
};

struct VolumeHeader {
  VolumeTable table;
  unsigned number = 0;  // from 1; parity follows data
};

// The one form of a header, as it begins a volume.
std::string to_bytes(const VolumeHeader& header);
// What begins `bytes`, which may go on behind it; `where` is for messages. Error{corrupt} for
// everything that to_bytes() does not write, Error{incompatible} for a newer format.
VolumeHeader parse_volume_header(std::string_view bytes, const std::string& where);

// How many data volumes of so much content a file of `bytes` takes.
std::uint64_t data_volumes(std::uint64_t bytes, std::uint64_t volume_bytes);
// "FILE.003-of-012.volume"
std::string volume_name(const VolumeTable& table, unsigned number);
// The command that makes these volumes again.
std::string make_again(const VolumeTable& table, const Numbers& numbers);

}  // namespace sealift::bundle
