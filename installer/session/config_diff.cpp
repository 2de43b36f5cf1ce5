// SPDX-License-Identifier: Apache-2.0
#include "installer/session/config_diff.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "base/format.hpp"
#include "base/text.hpp"
#include "installer/operations/kept_revisions.hpp"
#include "installer/session/text_diff.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kMostShown = 256 << 10;  // bytes of a file
constexpr unsigned kOfOthers = 0077;             // permission bits that no secret file has

struct RenderedFile {
  std::string text;
  std::string hidden;  // why the text is not shown
};

using RenderedFiles = std::map<std::string, RenderedFile>;

std::string read_all(TreeStream& tree) {
  std::string text;
  std::string buffer(16 << 10, '\0');
  while (const std::size_t count = tree.read(buffer)) text.append(buffer, 0, count);
  return text;
}

RenderedFiles files_of(SiteContent& content, const std::string& component) {
  RenderedFiles files;
  const std::unique_ptr<TreeStream> tree = content.tree(component);
  while (const auto entry = tree->next()) {
    if (entry->type != EntryType::file) continue;
    RenderedFile& file = files[entry->path.str()];
    // Of what cannot be shown the digest says whether it changes.
    file.text = entry->digest ? entry->digest->str() : "";
    if ((entry->mode & kOfOthers) == 0) {
      file.hidden = "it holds a secret";
    } else if (entry->size > kMostShown) {
      file.hidden = "it is too long";
    } else {
      file.text = read_all(*tree);
      if (!is_utf8(file.text)) file.hidden = "it is no text";
    }
  }
  return files;
}

void compare_files(const std::string& component, const RenderedFiles& before,
                   const RenderedFiles& after, std::vector<FileDiff>& found) {
  std::set<std::string> paths;
  for (const auto& [path, unused] : before) paths.insert(path);
  for (const auto& [path, unused] : after) paths.insert(path);
  static const RenderedFile kNone;
  for (const std::string& path : paths) {
    const auto old_file = before.find(path);
    const auto new_file = after.find(path);
    const RenderedFile& was = old_file == before.end() ? kNone : old_file->second;
    const RenderedFile& is = new_file == after.end() ? kNone : new_file->second;
    if (was.text == is.text && was.hidden == is.hidden) continue;
    FileDiff diff{
        .component = component, .path = path, .hidden = is.hidden.empty() ? was.hidden : is.hidden};
    if (diff.hidden.empty()) diff.lines = text_diff(was.text, is.text);
    found.push_back(std::move(diff));
  }
}

bool has_component(const Revision* revision, const std::string& name) {
  return revision != nullptr && revision->digest &&
         std::any_of(revision->placements.begin(), revision->placements.end(),
                     [&](const Placement& placement) { return placement.component == name; });
}

}  // namespace

Json to_json(const std::vector<FileDiff>& files) {
  Json list = Json::array();
  for (const FileDiff& file : files) {
    list.push_back({{"component", file.component}, {"path", file.path}, {"lines", file.lines}});
    if (!file.hidden.empty()) list.back()["hidden"] = file.hidden;
  }
  return list;
}

std::vector<FileDiff> config_diff(const Tools& tools, const bundle::Contents& contents,
                                  SiteContent& content, const Revision* before) {
  std::vector<FileDiff> found;
  std::optional<SiteContent> old_content;  // its bundle is opened once for all components
  for (const release::Component& component : contents.components) {
    if (!component.has_templates()) continue;
    const std::string& name = component.row.name;
    RenderedFiles old_files;
    if (has_component(before, name)) {
      if (!old_content) old_content.emplace(content_of(tools, *before));
      old_files = files_of(*old_content, name);
    }
    compare_files(name, old_files, files_of(content, name), found);
  }
  return found;
}

}  // namespace sealift::installer
