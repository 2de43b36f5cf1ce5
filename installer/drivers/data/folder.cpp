// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/data/folder.hpp"

#include <fcntl.h>
#include <cstdio>

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "installer/drivers/data/archive.hpp"
#include "installer/drivers/data/mounted_folder.hpp"
#include "installer/drivers/files/shared_data.hpp"

namespace sealift::installer {

namespace {

using databases::Restoring;

// In one step, where the file system can; false where it cannot.
bool exchange(const Dir& parent, const std::string& one, const std::string& other) {
  if (::renameat2(parent.fd(), one.c_str(), parent.fd(), other.c_str(), RENAME_EXCHANGE) == 0) {
    return true;
  }
  if (errno != EINVAL && errno != ENOSYS) {
    throw_errno((fs::path(parent.path()) / other).string(), "replace");
  }
  return false;
}

// What describe() said when a backup was made; where there is none, nothing is needed.
FolderSize size_from_json(const Json& about) {
  if (about.empty()) return {};
  Fields fields(about, "about");
  fields.text("path");
  FolderSize size{.bytes = fields.number("bytes"), .entries = fields.number("entries")};
  fields.done();
  return size;
}

LeftOut own_entries(const fs::path& folder) {
  return is_mount_point(folder) ? MountedFolder(folder).own_entries() : LeftOut();
}

class Folder : public databases::Restorable {
 public:
  Folder(fs::path place, fs::path from)
      : place_(std::move(place)), from_(std::move(from)), name_(place_.filename().string()) {}

  databases::Facts facts() override {
    if (!exists()) {
      throw Error(Errc::incompatible,
                  format("{}: is missing or no folder, expected a folder of data", from_.string()),
                  "see what the installed release keeps: sealift-installer status");
    }
    return {.server = place_.string(), .bytes = size_of_data(from_).bytes};
  }
  bool exists() override { return is_real_folder(from_); }

  Json describe() override {
    const FolderSize size = size_of_data(from_);
    return {{"path", place_.string()}, {"bytes", size.bytes}, {"entries", size.entries}};
  }

  void check_restorable(const Json& about) override {
    Problems problems;
    fs::path parent = place_.parent_path();
    if (!is_real_folder(parent)) {
      problems.add(
          format("{}: is missing or no folder, expected the folder around the data",
                 parent.string()),
          format("install a release that keeps it, or make it: mkdir -p '{}'", parent.string()));
      problems.throw_if_any(Errc::incompatible);
    }
    if (is_mounted()) {
      parent = place_;
      check_entries(problems);
    }
    const Space space = free_space(parent);
    const FolderSize needed = size_from_json(about);
    if (space.bytes < needed.bytes || space.inodes < needed.entries) {
      problems.add(format("{}: has {} bytes and {} inodes free, the backup needs {} and {}",
                          parent.string(), space.bytes, space.inodes, needed.bytes, needed.entries),
                   "free some space: what is there now is kept beside the backup's content");
    }
    problems.throw_if_any(Errc::incompatible);
  }

  void dump(Sink& to) override { unsteady_ = write_archive(from_, to, own_entries(from_)); }
  std::vector<std::string> changed_meanwhile() const override { return unsteady_; }
  void check_dump(Source& dump) override { check_archive(dump); }

  void restore(Source& dump, const Restoring& how) override {
    try {
      if (is_mounted()) {
        MountedFolder(place_).restore(dump, how.label);
      } else {
        replace(dump, how.label);
      }
    } catch (const Error& error) {
      if (error.code() != Errc::io) throw;
      throw Error(Errc::target_failed, error.message(),
                  error.hint().empty() ? format("{} is as it was", place_.string()) : error.hint());
    }
  }

  // Where it is one renaming, or none, there is nothing to go on with.
  bool finish_restore(const std::string&) override {
    return is_mounted() && MountedFolder(place_).finish();
  }

  std::vector<std::string> kept() override {
    std::vector<std::string> names;
    if (!is_real_folder(around())) return names;
    for (const Entry& each : Dir::open(around()).entries()) {
      if (each.name.starts_with(beside("old_"))) names.push_back(each.name);
    }
    return names;
  }

  void drop_kept(const std::string& name) override {
    const Dir parent = Dir::open(around());
    parent.remove_tree(name);
    parent.sync();
  }

 private:
  bool is_mounted() { return is_real_folder(place_) && is_mount_point(place_); }
  // Where a restore keeps what was there.
  fs::path around() { return is_mounted() ? place_ : place_.parent_path(); }

  // They are renamed one by one.
  void check_entries(Problems& problems) const {
    for (const Entry& each : Dir::open(place_).entries()) {
      const fs::path path = place_ / each.name;
      if (!is_mount_point(path)) continue;
      problems.add(
          format("{}: is a mount point in {}, which is one too, expected an entry that can "
                 "be renamed",
                 path.string(), place_.string()),
          format("stop what uses it, umount '{}', restore, and mount it again", path.string()));
    }
  }

  void replace(Source& dump, const std::string& label) const {
    const Dir parent = Dir::open(place_.parent_path());
    const std::string fresh = beside("restoring");
    parent.remove_tree(fresh);
    try {
      parent.make_dir(fresh, 0700);
      unpack_archive(dump, parent.descend(fresh));
      put_in_place(parent, fresh, beside(label));
    } catch (const Error&) {
      parent.remove_tree(fresh);
      throw;
    }
    parent.sync();
  }

  std::string beside(const std::string& label) const { return format(".{}.{}", name_, label); }

  // The new folder first has the name under which the old one is kept: the next restore removes
  // what has the name of an unfinished one, and that is never the old data.
  void put_in_place(const Dir& parent, const std::string& fresh, const std::string& kept) const {
    parent.rename(fresh, kept);
    const std::string old = kept + "_before";
    try {
      if (!parent.stat(name_)) {
        parent.rename(kept, name_);
      } else if (!exchange(parent, kept, name_)) {
        parent.rename(name_, old);
        parent.rename(kept, name_);
      }
    } catch (const Error&) {
      if (!parent.stat(name_) && parent.stat(old)) parent.rename(old, name_);
      parent.remove_tree(kept);
      throw;
    }
  }

  fs::path place_;
  fs::path from_;
  std::string name_;
  Unsteady unsteady_;
};

}  // namespace

FolderSize size_of_data(const fs::path& folder) {
  return size_of(folder, own_entries(folder));
}

std::unique_ptr<databases::Restorable> open_folder(const fs::path& place, const fs::path& from) {
  return std::make_unique<Folder>(place, from);
}

}  // namespace sealift::installer
