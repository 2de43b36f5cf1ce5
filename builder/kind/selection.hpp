// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a component takes of the project's files: its `source`, a folder, file or glob such as
// "client/dist" or "client/**/*.js", without what `exclude` names.

#include <optional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "release/project/release_file.hpp"
#include "release/text/glob.hpp"

namespace sealift::builder {

// Where a tree begins, and what of it is wanted. Paths are relative to that folder.
struct Selection {
  std::string root = {};  // relative to the release's folder; empty: that folder
  std::optional<release::Glob> wanted = {};
  std::vector<release::Glob> excluded = {};

  // Of folders only excludes() is asked: what is in one may be wanted though its own name is not.
  bool takes_file(const std::string& path) const;
  bool excludes(const std::string& path) const;
};

// The root ends where the first wildcard begins, so that no folder beside it is looked at.
Selection selection_of(const release::ComponentEntry& entry);

// The folder `root` of the project, which a source names. Symbolic links are followed up to it, as
// build tools make them, and not inside of it. Error{invalid_input} where it is no folder.
fs::path source_folder(const fs::path& folder, const std::string& root,
                       const release::ComponentEntry& entry);

}  // namespace sealift::builder
