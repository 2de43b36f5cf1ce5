// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/workloads/unit_links.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::installer {

namespace {

// Folders beside units that hold links.
constexpr std::array<std::string_view, 4> kUnitLinksFolders = {".d", ".wants", ".requires",
                                                               ".upholds"};
// A link's name until it is renamed; systemd reads no name with a dot in front as a unit.
constexpr const char* kTemporary = ".sealift-link";

bool holds_links(const Entry& entry) {
  return entry.type == EntryType::directory &&
         std::any_of(kUnitLinksFolders.begin(), kUnitLinksFolders.end(),
                     [&](std::string_view end) { return entry.name.ends_with(end); });
}

std::string parent(const std::string& name) {
  return fs::path(name).parent_path().string();
}

std::string last(const std::string& name) {
  return fs::path(name).filename().string();
}

}  // namespace

std::string UnitLinks::wanted_target(const std::string& name) const {
  return (path_ / "current" / name).string();
}

bool UnitLinks::is_ours(const std::string& target) const {
  return target.starts_with(path_.string() + "/");
}

std::string UnitLinks::stranger(const std::string& name) const {
  const fs::path place = folder_ / name;
  if (const fs::path above = place.parent_path(); above != folder_) {
    const std::optional<struct stat> status = link_status_of(above);
    if (status && !S_ISDIR(status->st_mode)) {
      return format("{}: is there already, and no folder", above.string());
    }
  }
  const std::optional<struct stat> status = link_status_of(place);
  if (!status) return "";
  if (!S_ISLNK(status->st_mode)) return format("{}: is there already", place.string());
  const std::string target = link_target(place).value_or("");
  if (is_ours(target)) return "";
  return format("{}: is there already, and leads to {}", place.string(), printable(target));
}

bool UnitLinks::stands(const std::string& name) const {
  return link_target(folder_ / name) == wanted_target(name);
}

// By where they lead, so that one of an earlier release, whose settings nobody has any more, is
// found too.
std::vector<UnitLinks::Link> UnitLinks::links() const {
  std::vector<Link> found;
  if (!dir_exists(folder_)) return found;
  const Dir folder = Dir::open(folder_);
  const auto see = [&](const Dir& dir, const std::string& prefix, const Entry& entry) {
    if (entry.type != EntryType::symlink) return;
    const std::string target = dir.read_link(entry.name).value_or("");
    if (is_ours(target)) found.push_back({prefix + entry.name, target});
  };
  for (const Entry& entry : folder.entries()) {
    see(folder, "", entry);
    if (!holds_links(entry)) continue;
    const Dir inside = folder.descend(entry.name);
    for (const Entry& each : inside.entries()) see(inside, entry.name + "/", each);
  }
  return found;
}

std::vector<std::string> UnitLinks::others(const std::set<std::string>& names) const {
  std::vector<std::string> found;
  for (const Link& link : links()) {
    const bool is_drop_in = parent(link.name).ends_with(".d");
    const bool is_of_one = !is_drop_in && last(link.name) != kTemporary &&
                           last(link.target) != link.name && names.contains(last(link.target));
    if (!names.contains(link.name) && !is_of_one) found.push_back(link.name);
  }
  return found;
}

// A rename, so that systemd finds the old link or the new one and never none.
void UnitLinks::write(const std::string& name, const std::string& target) const {
  const Dir folder = Dir::open((folder_ / name).parent_path());
  if (folder.stat(kTemporary)) folder.remove(kTemporary);
  folder.make_symlink(target, kTemporary);
  folder.rename(kTemporary, last(name));
  folder.sync();
}

void UnitLinks::put(const std::set<std::string>& names) const {
  make_dirs(folder_);
  for (const std::string& name : names) {
    if (stands(name)) continue;
    if (const std::string found = stranger(name); !found.empty()) {
      throw Error(Errc::target_failed, found, "move it away, or name the unit otherwise");
    }
    if (!parent(name).empty()) make_dirs(folder_ / parent(name));
    write(name, wanted_target(name));
  }
}

void UnitLinks::remove(const std::vector<std::string>& names) const {
  for (const std::string& name : names) {
    if (const fs::path above = (folder_ / name).parent_path(); path_exists(above)) {
      const Dir folder = Dir::open(above);
      if (is_ours(folder.read_link(last(name)).value_or(""))) folder.remove(last(name));
      folder.sync();
    }
    if (!parent(name).empty() && remove_empty_dir(folder_ / parent(name))) sync_dir(folder_);
  }
}

// `enable` resolves links and would tie what it makes to the release's own directory; that is led
// through PATH/current again.
void UnitLinks::settle() const {
  for (const Link& link : links()) {
    if (parent(link.name).ends_with(".d")) continue;
    const std::string target = wanted_target(last(link.target));
    if (link.target != target) write(link.name, target);
  }
}

}  // namespace sealift::installer
