// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a workload is made of: files of its tree and what a table says of them, of which runtimes
// tell whether something has to be made anew.

#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "installer/content/content.hpp"

namespace sealift::installer {

// The current file of a tree. Error{incompatible} where it is no file, or has more bytes.
std::string read_all(TreeStream& tree, const release::FileEntry& entry, std::size_t limit);

std::vector<release::FileEntry> entries_of(Source& table);

// The table's lines of what stands at these paths or below them; "." is everything.
Json lines_at(const std::vector<release::FileEntry>& table, const std::set<std::string>& paths);

}  // namespace sealift::installer
