// SPDX-License-Identifier: Apache-2.0
#pragma once

// Archives that others wrote: tar in any of its dialects, plain or compressed with gzip or zstd.
// Nothing is unpacked here and no name is believed: whoever reads decides what an entry may be.
// Failures are Error{invalid_input} that name the archive.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/file.hpp"
#include "base/stream.hpp"

namespace sealift::content {

struct ForeignEntry {
  std::string name;  // as it stands there, without "./" before it
  EntryType type = EntryType::file;
  std::string link = {};  // of a symbolic or hard link: what it points to
  unsigned mode = 0;      // permission bits, setuid and setgid among them
  std::uint64_t size = 0;
};

class ForeignArchive : public Source {
 public:
  // `source` must outlive this; `name` is for messages. Recognises the compression.
  ForeignArchive(Source& source, std::string name);
  ~ForeignArchive() override;

  // The next entry; nothing at the end. What was not read of the one before is passed over.
  std::optional<ForeignEntry> next();
  // Content of the current entry; 0 at its end.
  std::size_t read(std::span<char> into) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What is left of `packed` once the compression that its first bytes show is undone. `packed`
// outlives it. Bytes that show no compression come through as they are.
std::unique_ptr<Source> unpacked(Source& packed, std::string name);

}  // namespace sealift::content
