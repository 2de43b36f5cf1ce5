// SPDX-License-Identifier: Apache-2.0
#include "cli/typed_file.hpp"

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/nearest.hpp"

namespace sealift::cli {

namespace {

// An option's value may be behind "=", in the same word.
std::string value_in(const std::string& word) {
  const std::size_t equals = word.starts_with("--") ? word.find('=') : std::string::npos;
  return equals == std::string::npos ? word : word.substr(equals + 1);
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (Entry& entry : Dir::open(folder).entries()) names.push_back(std::move(entry.name));
  return names;
}

std::string hint_about(const fs::path& file) try {
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  if (!dir_exists(folder)) return format("there is no folder {}", folder.string());
  const std::string near = nearest(file.filename().string(), names_in(folder));
  if (near.empty()) return format("look at what is there: ls {}", folder.string());
  return format("did you mean {}?", (file.parent_path() / near).string());
} catch (const Error&) {
  return {};  // a folder that cannot be read: the first error is the one to show
}

}  // namespace

Error about_typed_file(const Error& error, const std::vector<std::string>& typed) {
  if (error.code() != Errc::io || error.problems().size() != 1 || !error.hint().empty())
    return error;
  for (const std::string& word : typed) {
    const std::string file = value_in(word);
    if (!error.message().starts_with(file + ": open: ") || path_exists(file)) continue;
    return {error.code(), error.message(), hint_about(file)};
  }
  return error;
}

}  // namespace sealift::cli
