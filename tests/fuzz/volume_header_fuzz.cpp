// SPDX-License-Identifier: Apache-2.0
#include "bundle/volumes/volume_header.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

namespace {

// The digest would stop the fuzzer at the first changed byte, so a document gets the one it needs.
std::string as_header(std::string_view document) {
  std::string bytes = std::string(bundle::kVolumeMagic) + std::string("\1\0\0\0", 4);
  for (std::size_t i = 0; i < 4; ++i) bytes += static_cast<char>(document.size() >> (8 * i));
  const Digest digest = Digest::of(bytes + std::string(document));
  bytes.append(digest.bytes().begin(), digest.bytes().end());
  return bytes.append(document);
}

void read_header(std::string_view bytes) {
  const bundle::VolumeHeader header = bundle::parse_volume_header(bytes, "volume");
  require(bytes.starts_with(bundle::to_bytes(header)), "it has one spelling");
  for (unsigned number = 1; number <= header.table.count(); ++number) {
    require(header.table.content_bytes(number) <= header.table.bytes, "a part is not the larger");
  }
}

}  // namespace

const Target kVolumeHeader("volume_header", [](std::string_view bytes) {
  if (bytes.starts_with('{')) {
    read_header(as_header(bytes));
  } else {
    read_header(bytes);
  }
});

}  // namespace sealift::fuzz
