// SPDX-License-Identifier: Apache-2.0
#include "installer/planning/found_data.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "release/documents/file_table.hpp"
#include "release/documents/persist.hpp"

namespace sealift::installer {

namespace {

using Places = std::map<std::string, std::string>;  // folder -> its place below PATH

// Those that the next release shares and the installed one has filled.
Places filled_in(const Wish& wish, const SharedFolders& shared) {
  const Placement& before = *wish.before;
  Places filled;
  for (const auto& [folder, unused] : links_of(shared, before.directory)) {
    const std::string place = format("{}/{}", before.directory, folder);
    if (before.persist.contains(folder) || !holds_data(fs::path(wish.path) / place)) continue;
    filled[folder] = place;
  }
  return filled;
}

// Those of `filled` in which the table of a release has something.
Places carried_in(Source& table, const Places& filled) {
  Places carried;
  release::FileTableReader reader(table);
  while (const std::optional<release::FileEntry> entry = reader.next()) {
    for (const auto& [folder, place] : filled) {
      if (release::lies_in(entry->path.str(), folder)) carried[folder] = place;
    }
  }
  return carried;
}

}  // namespace

Places data_found(const Wish& wish, const SharedFolders& shared, const Revision& installed,
                  const Driver& driver, Content& content) {
  Places found = filled_in(wish, shared);
  if (found.empty()) return found;
  Places mixed = carried_in(*content.table(wish.before->table), found);
  for (const auto& [folder, unused] : mixed) found.erase(folder);
  std::erase_if(mixed,
                [&](const auto& each) { return holds_data(shared_place(wish.path, each.first)); });
  if (mixed.empty()) return found;
  Problems problems;
  const std::vector<Difference> differences =
      driver.inspect(*wish.before, Thoroughness::by_receipt, Strangers::reported, content);
  for (const auto& [folder, place] : mixed) {
    const auto data =
        std::find_if(differences.begin(), differences.end(), [&, &one = folder](const auto& each) {
          return each.path != one && release::lies_in(each.path, one);
        });
    // All that was adopted may be data.
    const bool is_adopted = !installed.digest;
    if (data == differences.end() && !is_adopted) continue;
    problems.add(
        format("component {}: {}/{} holds data among files of the installed release{}",
               wish.component, wish.path, place,
               data == differences.end()
                   ? ""
                   : format(", such as {}: {}", printable(data->path), data->found)),
        format("stop what writes there and copy the data to where the new release looks for it: "
               "cp -a {}/{} {}",
               wish.path, place, shared_place(wish.path, folder)));
  }
  problems.throw_if_any(Errc::incompatible);
  return found;
}

}  // namespace sealift::installer
