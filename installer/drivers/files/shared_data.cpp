// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/files/shared_data.hpp"

#include <algorithm>
#include <cstdio>
#include <set>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/drivers/files/owner.hpp"
#include "release/documents/persist.hpp"

namespace sealift::installer {

namespace {

constexpr unsigned kSharedMode = 0755;

std::string below_path(const std::string& folder) {
  return format("{}/{}", kShared, folder);
}

// The link at `place`, below PATH, that leads to a folder.
std::string link_at(const std::string& place, const std::string& folder) {
  std::string link;
  for (auto left = std::count(place.begin(), place.end(), '/'); left > 0; --left) link += "../";
  return link + below_path(folder);
}

// "a/b/c" -> "a", "a/b", "a/b/c".
std::vector<std::string> steps_to(const std::string& place) {
  std::vector<std::string> steps;
  for (std::size_t slash = place.find('/'); slash != place.npos;
       slash = place.find('/', slash + 1)) {
    steps.push_back(place.substr(0, slash));
  }
  steps.push_back(place);
  return steps;
}

// Opened through the root, so that no link on the way is followed.
Dir parent_of(const Dir& root, const RelPath& place) {
  return place.parent().empty() ? Dir::open(root.path()) : root.descend(place.parent());
}

bool is_link_to(const fs::path& place, const std::string& target) {
  return link_target(place) == target;
}

void refuse_what_is_no_folder(const fs::path& place) {
  const std::optional<struct stat> status = link_status_of(place);
  if (!status || S_ISDIR(status->st_mode)) return;
  throw Error(Errc::incompatible,
              format("{}: found {}, expected a folder of data", place.string(), kind_of(*status)),
              "move it away; a disk of its own for the data is mounted at that place");
}

// Data is renamed and never copied: a copy could be cut off, and would need as much room again.
void refuse_another_file_system(const fs::path& from, const fs::path& to) {
  if (status_of(from)->st_dev == status_of(existing_part(to))->st_dev) return;
  throw Error(Errc::incompatible,
              format("{}: lies on another file system than {}, expected a folder that can be "
                     "renamed to it",
                     from.string(), to.string()),
              format("stop what writes there and mount that file system at {}, or copy the data to "
                     "it with cp -a and move the old folder away",
                     to.string()));
}

}  // namespace

bool is_real_folder(const fs::path& place) {
  const std::optional<struct stat> status = link_status_of(place);
  return status && S_ISDIR(status->st_mode);
}

bool holds_data(const fs::path& place) {
  return is_real_folder(place) && !is_empty_dir(place);
}

std::string shared_place(const std::string& path, const std::string& folder) {
  return format("{}/{}", path, below_path(folder));
}

std::map<std::string, std::string> links_of(const SharedFolders& folders,
                                            const std::string& directory) {
  std::map<std::string, std::string> links;
  for (const auto& [folder, unused] : folders) {
    const bool is_inside =
        std::any_of(folders.begin(), folders.end(), [&, &one = folder](const auto& other) {
          return other.first != one && release::lies_in(one, other.first);
        });
    if (!is_inside) links[folder] = link_at(format("{}/{}", directory, folder), folder);
  }
  return links;
}

Share share_of(const std::string& path, const std::string& owner, const SharedFolders& folders,
               const std::map<std::string, std::string>& found) {
  Share share{.path = path, .owner = owner, .folders = folders, .missing = {}, .moves = {}};
  std::set<std::string> missing;
  Problems problems;
  for (const auto& [folder, unused] : folders) {
    try {
      const std::string place = below_path(folder);
      const std::vector<std::string> steps = steps_to(place);
      for (const std::string& each : steps) {
        const fs::path there = fs::path(path) / each;
        refuse_what_is_no_folder(there);
        if (!path_exists(there)) missing.insert(each);
      }
      const auto data = found.find(folder);
      if (data == found.end()) continue;
      const fs::path from = fs::path(path) / data->second;
      const fs::path to = fs::path(path) / place;
      if (path_exists(to) && !is_empty_dir(to)) {
        throw Error(Errc::incompatible,
                    format("{}: holds data, and so does {}, expected one of them", from.string(),
                           to.string()),
                    format("keep the right one as {} and move the other away", to.string()));
      }
      refuse_another_file_system(from, to);
      share.moves[folder] = data->second;
      missing.erase(place);
    } catch (const Error& error) {
      if (error.code() != Errc::incompatible) throw;
      problems.add(error);
    }
  }
  problems.throw_if_any(Errc::incompatible);
  share.missing.assign(missing.begin(), missing.end());
  return share;
}

std::string summary_of(const Share& share) {
  std::vector<std::string> made;
  std::vector<std::string> kept;
  std::vector<std::string> parts;
  for (const auto& [folder, unused] : share.folders) {
    const std::string place = shared_place(share.path, folder);
    const bool is_missing = std::find(share.missing.begin(), share.missing.end(),
                                      below_path(folder)) != share.missing.end();
    if (const auto move = share.moves.find(folder); move != share.moves.end()) {
      parts.push_back(format("move {}/{} to {}", share.path, move->second, place));
    } else {
      (is_missing ? made : kept).push_back(place);
    }
  }
  if (!made.empty()) parts.push_back(format("make {} for data, empty", joined(made)));
  if (!kept.empty()) parts.push_back(format("keep the data in {}", joined(kept)));
  return joined(parts, "; ");
}

// A folder that was moved has a link in its old place; without it the release that goes back would
// find nothing.
bool is_shared(const Share& share) {
  return std::all_of(share.folders.begin(), share.folders.end(),
                     [&](const auto& each) {
                       return is_real_folder(shared_place(share.path, each.first));
                     }) &&
         std::all_of(share.moves.begin(), share.moves.end(), [&](const auto& each) {
           return is_link_to(fs::path(share.path) / each.second, link_at(each.second, each.first));
         });
}

// Sorted, an outer folder is made before what is in it. A move that was done has no folder in the
// old place any more, so only its link may be missing.
void apply_share(const Share& share) {
  const Dir root = Dir::open(share.path);
  const auto make = [&](const std::string& text) {
    const RelPath place = RelPath::parse(text);
    const Dir parent = parent_of(root, place);
    if (parent.stat(place.name())) return;
    parent.make_dir(place.name(), kSharedMode);
    const Dir made = parent.descend(place.name());
    const auto whose =
        text == kShared ? share.folders.end() : share.folders.find(text.substr(kShared.size() + 1));
    own(made, parse_owner(whose == share.folders.end() ? share.owner : whose->second));
    copy_selinux_label(root, made);
    parent.sync();
  };
  for (const std::string& each : share.missing) make(each);
  for (const auto& [folder, text] : share.moves) {
    const RelPath from = RelPath::parse(text);
    const RelPath to = RelPath::parse(below_path(folder));
    const Dir old = parent_of(root, from);
    const Dir parent = parent_of(root, to);
    const std::string link = link_at(text, folder);
    const std::optional<struct stat> status = old.stat(from.name());
    if (status && S_ISDIR(status->st_mode) &&
        ::renameat(old.fd(), std::string(from.name()).c_str(), parent.fd(),
                   std::string(to.name()).c_str()) != 0) {
      throw_errno((fs::path(share.path) / text).string(),
                  format("move to {}", shared_place(share.path, folder)));
    }
    if (!old.stat(from.name())) old.make_symlink(link, from.name());
    parent.sync();
    old.sync();
  }
  for (const auto& [folder, unused] : share.folders) {
    if (is_real_folder(shared_place(share.path, folder))) continue;
    throw Error(Errc::target_failed,
                format("{}: is missing or no folder, expected a folder of data",
                       shared_place(share.path, folder)),
                "somebody removed it meanwhile; run the command again");
  }
}

// Only what this step moved goes back: a link of ours in the old place shows that.
void undo_share(const Share& share) {
  if (!dir_exists(share.path)) return;
  const Dir root = Dir::open(share.path);
  for (const auto& [folder, text] : share.moves) {
    const fs::path from = fs::path(share.path) / text;
    const fs::path to = shared_place(share.path, folder);
    if (is_link_to(from, link_at(text, folder)) && is_real_folder(to)) sealift::remove_file(from);
    if (entry_exists(from) || !is_real_folder(to)) continue;
    const RelPath old = RelPath::parse(text);
    const RelPath now = RelPath::parse(below_path(folder));
    const Dir back = parent_of(root, old);
    const Dir parent = parent_of(root, now);
    if (::renameat(parent.fd(), std::string(now.name()).c_str(), back.fd(),
                   std::string(old.name()).c_str()) != 0) {
      throw_errno(to.string(), format("move back to {}", from.string()));
    }
    parent.sync();
    back.sync();
  }
  for (auto made = share.missing.rbegin(); made != share.missing.rend(); ++made) {
    const fs::path place = fs::path(share.path) / *made;
    if (is_real_folder(place) && remove_empty_dir(place)) sync_dir(place.parent_path());
  }
}

std::vector<Difference> shared_differences(const Placement& placement) {
  std::vector<Difference> differences;
  for (const auto& [folder, unused] : placement.persist) {
    const std::string place = shared_place(placement.path, folder);
    const std::optional<struct stat> status = link_status_of(place);
    if (!status) {
      differences.push_back({place, "missing"});
    } else if (!S_ISDIR(status->st_mode)) {
      differences.push_back({place, std::string(kind_of(*status)), "a folder of data"});
    }
  }
  return differences;
}

}  // namespace sealift::installer
