// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bytes that must not leak: in locked memory that is in no core dump, wiped when they go, never
// copied. The first one makes the whole process keep its memory private
// (base/private_memory.hpp), for what libraries copy.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sealift::signing {

class Secret {
 public:
  // Zero bytes, to be filled. Memory is locked as far as the system lets it (mlock(2)).
  explicit Secret(std::size_t size);
  // Takes a copy and wipes `source`.
  static Secret taken_from(std::string& source);

  std::span<unsigned char> bytes() { return {bytes_.get(), size_}; }
  std::span<const unsigned char> bytes() const { return {bytes_.get(), size_}; }
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.get()), size_}; }

 private:
  struct Wipe {
    void operator()(unsigned char* bytes) const;
  };
  std::unique_ptr<unsigned char, Wipe> bytes_;
  std::size_t size_;
};

// Overwrites the bytes of `text` and empties it.
void wipe(std::string& text);

}  // namespace sealift::signing
