// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/data/mounted_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/error.hpp"
#include "base/format.hpp"
#include "installer/drivers/data/archive.hpp"

namespace sealift::installer {

namespace {

constexpr const char* kFilling = "restoring";
constexpr const char* kTaking = "taking_";
constexpr const char* kGiving = "giving_";
constexpr std::array kOwn = {kFilling, kTaking, kGiving, "old_"};
constexpr const char* kOfFileSystem = "lost+found";

}  // namespace

bool is_mount_point(const fs::path& folder) {
  struct statx status {};
  struct statx around {};
  if (::statx(AT_FDCWD, folder.c_str(), AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status) != 0 ||
      ::statx(AT_FDCWD, folder.parent_path().c_str(), 0, STATX_TYPE, &around) != 0) {
    return false;
  }
  // Kernels before 5.8 do not tell a mount of the same file system.
  return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0 ||
         status.stx_dev_major != around.stx_dev_major ||
         status.stx_dev_minor != around.stx_dev_minor;
}

// Renames below the folder, to be taken back in reverse.
class MountedFolder::Exchange {
 public:
  explicit Exchange(const Dir& root) : root_(root) {}

  void move(const std::string& from, const std::string& to) {
    root_.rename(from, to);
    done_.emplace_back(from, to);
  }

  void take_back() {
    for (auto each = done_.rbegin(); each != done_.rend(); ++each) {
      root_.rename(each->second, each->first);
    }
  }

 private:
  const Dir& root_;
  std::vector<std::pair<std::string, std::string>> done_;
};

MountedFolder::MountedFolder(fs::path place)
    : place_(std::move(place)), begin_(format(".{}.", place_.filename().string())) {}

std::string MountedFolder::name_of(const std::string& what) const {
  return begin_ + what;
}

std::set<std::string> MountedFolder::own_entries() const {
  std::set<std::string> names;
  for (const Entry& each : Dir::open(place_).entries()) {
    const auto is_begin = [&](const char* own) { return each.name.starts_with(name_of(own)); };
    if (each.name == kOfFileSystem || std::any_of(kOwn.begin(), kOwn.end(), is_begin)) {
      names.insert(each.name);
    }
  }
  return names;
}

std::optional<std::string> MountedFolder::label_of(const std::string& part) const {
  const std::string begin = name_of(part);
  for (const std::string& each : own_entries()) {
    if (each.starts_with(begin)) return each.substr(begin.size());
  }
  return std::nullopt;
}

void MountedFolder::exchange(const Dir& root, const std::string& label, Exchange& moves) const {
  const std::string taking = name_of(kTaking + label);
  const std::string giving = name_of(kGiving + label);
  const std::string kept = name_of(label);
  if (root.stat(taking)) {
    if (!root.stat(kept)) root.make_dir(kept, 0700);
    const std::set<std::string> own = own_entries();
    for (const Entry& each : root.entries()) {
      if (!own.contains(each.name)) moves.move(each.name, format("{}/{}", kept, each.name));
    }
    root.sync_filesystem();
    moves.move(taking, giving);
    root.sync();
  }
  for (const Entry& each : root.descend(giving).entries()) {
    // Written meanwhile: it stays with what was there.
    if (root.stat(each.name)) {
      std::string aside = format("{}/{}", kept, each.name);
      while (root.descend(kept).stat(fs::path(aside).filename().string())) aside += "_";
      moves.move(each.name, aside);
    }
    moves.move(format("{}/{}", giving, each.name), each.name);
  }
  copy_attributes(root.descend(giving), root);
  root.sync_filesystem();
}

void MountedFolder::restore(Source& archive, const std::string& label) const {
  finish();
  const Dir root = Dir::open(place_);
  const std::string fresh = name_of(kFilling);
  root.remove_tree(fresh);
  Exchange moves(root);
  try {
    root.make_dir(fresh, 0700);
    unpack_archive(archive, root.descend(fresh));
    moves.move(fresh, name_of(kTaking + label));
    root.sync();
    exchange(root, label, moves);
  } catch (const Error&) {
    moves.take_back();
    root.remove_tree(fresh);
    root.remove_tree(name_of(label));
    throw;
  }
  root.remove_tree(name_of(kGiving + label));
  root.sync();
}

bool MountedFolder::finish() const {
  std::optional<std::string> label = label_of(kTaking);
  if (!label) label = label_of(kGiving);
  if (!label) return false;
  const Dir root = Dir::open(place_);
  Exchange moves(root);
  try {
    exchange(root, *label, moves);
  } catch (const Error&) {
    moves.take_back();
    throw;
  }
  root.remove_tree(name_of(kGiving + *label));
  root.sync();
  return true;
}

}  // namespace sealift::installer
