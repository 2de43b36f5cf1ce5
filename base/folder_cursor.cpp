// SPDX-License-Identifier: Apache-2.0
#include "base/folder_cursor.hpp"

namespace sealift {

const Dir& FolderCursor::at(std::string_view parent) {
  std::string wanted(parent);
  if (!wanted.empty()) wanted += '/';
  while (!levels_.empty() && !wanted.starts_with(levels_.back().prefix)) levels_.pop_back();
  const std::size_t have = levels_.empty() ? 0 : levels_.back().prefix.size();
  const Dir& from = levels_.empty() ? root_ : levels_.back().dir;
  if (wanted.size() == have) return from;
  levels_.push_back({wanted, from.descend(parent.substr(have))});
  return levels_.back().dir;
}

}  // namespace sealift
