// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Compose files of a project made into the one that a release carries: files over files, what
// `extends` and `include` name, each path as it is from the folder of the first file. Files may be
// templates without sections.

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compose/node.hpp"

namespace sealift::compose {

// The text of a file of the project, by its path from the project's own folder; nothing where there
// is none.
using ReadProjectFile = std::function<std::optional<std::string>(const std::string& path)>;

struct MergedProject {
  WrittenFile file;
  std::set<std::string> paths;  // of all files that it is made of
};

// Whether a file by itself is not what an installer reads: it extends, includes or resets. False
// where it cannot be read here. A file that stands alone is carried as it is, to the byte.
bool needs_merge(std::string_view text, const std::string& name);

// `files`: the first, and those over it. Error{invalid_input} with every mistake, each with its own
// file and line. Nothing but `read` is asked for files, so none outside of the project can come in.
MergedProject merge_project(const std::vector<std::string>& files, const ReadProjectFile& read);

}  // namespace sealift::compose
