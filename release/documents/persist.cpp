// SPDX-License-Identifier: Apache-2.0
#include "release/documents/persist.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::release {

bool lies_in(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

bool lies_in_one_of(std::string_view path, const std::vector<std::string>& folders) {
  return std::any_of(folders.begin(), folders.end(),
                     [&](const std::string& folder) { return lies_in(path, folder); });
}

std::vector<PersistMistake> persist_mistakes(const std::vector<std::string>& folders) {
  std::vector<PersistMistake> mistakes;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const std::string& folder = folders[i];
    try {
      RelPath::parse(folder);
    } catch (const Error& error) {
      mistakes.push_back({i, error.message(),
                          "write a folder below the component's source, such as data or "
                          "public/uploads, without ./ and .."});
      continue;
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (!lies_in(folder, folders[j]) && !lies_in(folders[j], folder)) continue;
      mistakes.push_back(
          {i,
           folder == folders[j]
               ? format("found {}, which is there already", printable(folder))
               : format("found {}, which overlaps {}", printable(folder), printable(folders[j])),
           "name each folder once, and none inside of another"});
      break;
    }
  }
  return mistakes;
}

}  // namespace sealift::release
