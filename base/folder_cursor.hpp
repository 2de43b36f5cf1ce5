// SPDX-License-Identifier: Apache-2.0
#pragma once

// For visiting a tree in depth-first order: keeps the directories from the root to the last one
// visited open, so that each is looked up once and never by a path that could have been replaced.

#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"

namespace sealift {

class FolderCursor {
 public:
  explicit FolderCursor(const Dir& root) : root_(root) {}

  // The directory at `parent` ("" is the root). The reference holds until the next call. Error{io}
  // where it is missing or a part of it is a link.
  const Dir& at(std::string_view parent);

 private:
  struct Level {
    std::string prefix;  // "a/b/"
    Dir dir;
  };
  const Dir& root_;
  std::vector<Level> levels_;
};

}  // namespace sealift
