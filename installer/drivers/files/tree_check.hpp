// SPDX-License-Identifier: Apache-2.0
#pragma once

// Compares a tree on disk with its file table.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/stream.hpp"
#include "installer/driver/difference.hpp"
#include "installer/drivers/files/receipts.hpp"
#include "installer/site/table_key.hpp"

namespace sealift::installer {

// Whose every entry of a tree shall be. Unlike an Owner it may leave the group open: earlier
// placements named the user alone.
struct Ownership {
  unsigned uid;
  std::optional<unsigned> gid;  // nothing: any

  // Of a placement: "UID:GID" or "UID"; nothing for the empty text.
  static std::optional<Ownership> parse(const std::string& text);
};

// The receipts, and the key, outlive the question.
struct TreeQuestion {
  const Receipts& receipts;
  Thoroughness thoroughness;
  Strangers strangers;
  std::optional<Ownership> owner;  // nothing: not compared
  std::size_t limit;               // of differences
  const TableKey* key = nullptr;   // of files for their owner only; null: the table has none
  // Symbolic links of the tree that its table does not have -> where they lead.
  std::map<std::string, std::string> links = {};
};

// What differs, in the order of the table; the tree's own directory is ".".
std::vector<Difference> check_tree(const Dir& root, Source& table, const TreeQuestion& question);

// Nothing where the mode of `path` is `expected`.
std::optional<Difference> mode_difference(const std::string& path, const struct stat& status,
                                          unsigned expected);

// The digest of an open file, read from its beginning. Error{io} names the file by `name`.
Digest digest_of(int fd, const std::string& name);

}  // namespace sealift::installer
