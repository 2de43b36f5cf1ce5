// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads a canonical tar whose entries are known beforehand: each header is regenerated and must be
// byte-equal, padding must be zero, and nothing may follow the end. Failures are Error{corrupt}
// that name the container and the entry.

#include <cstdint>
#include <string>

#include "base/stream.hpp"
#include "content/tar.hpp"

namespace sealift::content {

class ExpectedTar {
 public:
  // `name` is for messages.
  ExpectedTar(Source& source, std::string name);

  // The next entry must be this one. Its content is then read with read().
  void header(const TarEntry& entry);
  // The next entry must be the plain file `entry_name`, of whatever size up to `limit`; its
  // content.
  std::string file_of_unknown_size(const std::string& entry_name, std::uint64_t limit);
  // Content of the current entry; 0 at its end, after the padding was checked.
  std::size_t read(std::span<char> into);
  // All content of the current entry, which is known to be small.
  std::string content();
  // The two zero blocks must come now, and then the source must end. Called last: a source that
  // goes on is refused.
  void end();
  // Bytes of the tar read so far.
  std::uint64_t position() const { return position_; }

 private:
  std::string take(std::size_t size);
  void skip_padding();
  [[noreturn]] void refuse(std::string_view found) const;

  Source& source_;
  std::string name_;
  std::string entry_;
  std::uint64_t size_ = 0;
  std::uint64_t left_ = 0;
  bool padded_ = true;
  std::uint64_t position_ = 0;
};

}  // namespace sealift::content
