// SPDX-License-Identifier: Apache-2.0
#pragma once

// Compares a tree on disk with its file table.

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/stream.hpp"
#include "installer/receipts.hpp"
#include "installer/table_key.hpp"

namespace sealift::installer {

struct Difference {
  std::string path;
  std::string found;  // "content differs", "missing", "not part of the release", ...
};

enum class Thoroughness {
  by_receipt,  // a file whose stat matches its receipt is believed
  by_content,  // every file is hashed
};
enum class Strangers { ignored, reported };

// At most `limit` differences, in the order of the table.
std::vector<Difference> check_tree(const Dir& root, Source& table, const Receipts& receipts,
                                   const TableKey& key, Thoroughness thoroughness,
                                   Strangers strangers, std::size_t limit);

// The digest of an open file, read from its beginning.
Digest digest_of(int fd, const std::string& name);

}  // namespace sealift::installer
