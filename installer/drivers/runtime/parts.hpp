// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a workload is made of: files of its tree and what a table says of them, of which runtimes
// tell whether something has to be made anew.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "installer/content/content.hpp"
#include "installer/driver/runtime_question.hpp"

namespace sealift::installer {

// The current file of a tree. Error{incompatible} where it is no file, or has more bytes.
std::string read_all(TreeStream& tree, const release::FileEntry& entry, std::size_t limit);

// Which files of a tree a runtime reads, and how much of them.
struct Readable {
  bool (*takes)(std::string_view path);
  std::size_t most;         // bytes of a file
  std::size_t most_of_all;  // bytes of all of them
  std::string_view what;    // "manifests", for messages
};
// Those of a component by their paths, in one pass: a tree is a stream of a bundle, and is not read
// twice. Error{incompatible} beyond a limit.
std::map<std::string, std::string> files_of(Content& content, const std::string& component,
                                            const Readable& readable);

std::vector<release::FileEntry> entries_of(Source& table);

// The table's lines of what stands at these paths or below them; "." is everything.
Json lines_at(const std::vector<release::FileEntry>& table, const std::set<std::string>& paths);

// The name here of an image that a file of the release says, which can mean nothing else; empty,
// and a problem, where none was delivered. A file that was rendered may say that name already.
// `place` is where it says it, for messages.
std::string pin_of(const std::string& image, const std::string& place,
                   const RuntimeQuestion& question, Problems& problems);

// What becomes of some parts of a workload: "restart a, b where it runs".
struct NamedChange {
  std::string verb;
  std::vector<std::string> names;
  std::string where = {};
};
// Of all of them, for people: "create a, b; remove c".
std::string changes_text(const std::vector<NamedChange>& changes);

}  // namespace sealift::installer
