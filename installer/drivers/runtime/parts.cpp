// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/runtime/parts.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "compose/images.hpp"

namespace sealift::installer {

std::string read_all(TreeStream& tree, const release::FileEntry& entry, std::size_t limit) {
  if (entry.type != EntryType::file || entry.size > limit) {
    throw Error(Errc::incompatible,
                format("{}: is no file of at most {} bytes", entry.path.str(), limit));
  }
  std::string text(entry.size, '\0');
  for (std::size_t done = 0; done < text.size();) {
    const std::size_t count = tree.read(std::span(text).subspan(done));
    if (count == 0) break;
    done += count;
  }
  return text;
}

std::map<std::string, std::string> files_of(Content& content, const std::string& component,
                                            const Readable& readable) {
  std::map<std::string, std::string> files;
  std::size_t bytes = 0;
  const std::unique_ptr<TreeStream> tree = content.tree(component);
  while (const auto entry = tree->next()) {
    const std::string& path = entry->path.str();
    if (entry->type != EntryType::file || !readable.takes(path)) continue;
    files[path] = read_all(*tree, *entry, readable.most);
    bytes += files[path].size();
    if (bytes > readable.most_of_all) {
      throw Error(Errc::incompatible,
                  format("found more than {} bytes of {}", readable.most_of_all, readable.what));
    }
  }
  return files;
}

std::vector<release::FileEntry> entries_of(Source& table) {
  std::vector<release::FileEntry> entries;
  release::FileTableReader reader(table);
  while (const auto entry = reader.next()) entries.push_back(*entry);
  return entries;
}

Json lines_at(const std::vector<release::FileEntry>& table, const std::set<std::string>& paths) {
  Json lines = Json::array();
  for (const release::FileEntry& entry : table) {
    const std::string& name = entry.path.str();
    const bool is_wanted = std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
      return path == "." || path == name || name.starts_with(path + "/");
    });
    if (is_wanted) lines.push_back(release::to_line(entry));
  }
  return lines;
}

std::string pin_of(const std::string& image, const std::string& place,
                   const RuntimeQuestion& question, Problems& problems) {
  for (const auto& [unused, pin] : question.pins) {
    if (image == pin) return pin;
  }
  try {
    const std::string& name = compose::find_image(image, question.images).name;
    if (const auto pin = question.pins.find(name); pin != question.pins.end()) return pin->second;
    problems.add(
        format("{}: the image {} is not one that was delivered here", place, printable(image, 200)),
        "its component of images has to go to this site");
  } catch (const Error& error) {
    problems.add(error.within(place));
  }
  return "";
}

std::string changes_text(const std::vector<NamedChange>& changes) {
  std::vector<std::string> parts;
  for (const auto& [verb, names, where] : changes) {
    if (!names.empty()) parts.push_back(format("{} {}{}", verb, joined(names), where));
  }
  return parts.empty() ? "nothing of it has changed" : joined(parts, "; ");
}

}  // namespace sealift::installer
