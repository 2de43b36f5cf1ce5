// SPDX-License-Identifier: Apache-2.0
#include "builder/kind/selection.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "base/format.hpp"

namespace sealift::builder {

bool Selection::takes_file(const std::string& path) const {
  return !excludes(path) && (!wanted || wanted->matches(path));
}

bool Selection::excludes(const std::string& path) const {
  return std::any_of(excluded.begin(), excluded.end(),
                     [&](const release::Glob& glob) { return glob.matches(path); });
}

Selection selection_of(const release::ComponentEntry& entry) {
  Selection selection{.root = entry.source, .wanted = {}, .excluded = {}};
  if (const std::size_t magic = entry.source.find_first_of("*?"); magic != std::string::npos) {
    const std::size_t slash = entry.source.rfind('/', magic);
    selection.root = slash == std::string::npos ? "" : entry.source.substr(0, slash);
    selection.wanted.emplace(slash == std::string::npos ? entry.source
                                                        : entry.source.substr(slash + 1));
  }
  for (const std::string& pattern : entry.exclude) selection.excluded.emplace_back(pattern);
  return selection;
}

// Most often the sources were not built yet: the hint says so first.
fs::path source_folder(const fs::path& folder, const std::string& root,
                       const release::ComponentEntry& entry) {
  const auto refuse = [&](const std::string& found, const std::string& hint) {
    throw Error(Errc::invalid_input,
                format("components.{}: {}: {}", entry.name, entry.source, found), hint);
  };
  fs::path place = folder / root;
  const std::optional<struct stat> own = link_status_of(place);
  const bool is_link = own && S_ISLNK(own->st_mode);
  // A circle of links leads to nothing too, and the system would call it a failure.
  if (is_link && (!followed_path(absolute_path(place)) || !path_exists(place))) {
    refuse("found a symbolic link that leads to nothing, expected a folder",
           "build the sources first, or correct components[].source");
  }
  if (!path_exists(place)) {
    refuse(format("found no such folder in {}", folder.string()),
           "build the sources first, or correct components[].source");
  }
  if (!dir_exists(place)) {
    refuse(is_link ? "found a symbolic link to a file, expected a folder or the file itself"
                   : "found what is neither a folder nor a file",
           "correct components[].source");
  }
  return place;
}

}  // namespace sealift::builder
