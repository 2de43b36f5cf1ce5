// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/data/folder.hpp"

#include <fcntl.h>
#include <cstdio>

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "installer/drivers/data/archive.hpp"
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
    return {.server = place_.string(), .bytes = size_of(from_).bytes};
  }
  bool exists() override { return is_real_folder(from_); }

  Json describe() override {
    const FolderSize size = size_of(from_);
    return {{"path", place_.string()}, {"bytes", size.bytes}, {"entries", size.entries}};
  }

  void check_restorable(const Json& about) override {
    Problems problems;
    const fs::path parent = place_.parent_path();
    if (!is_real_folder(parent)) {
      problems.add(
          format("{}: is missing or no folder, expected the folder around the data",
                 parent.string()),
          format("install a release that keeps it, or make it: mkdir -p '{}'", parent.string()));
      problems.throw_if_any(Errc::incompatible);
    }
    if (exists() && link_status_of(place_)->st_dev != link_status_of(parent)->st_dev) {
      problems.add(format("{}: is a file system of its own, expected a folder that can be renamed",
                          place_.string()),
                   "unpack the backup by hand: zstd -dc BACKUP.dump.zst | tar --xattrs -x");
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

  void dump(Sink& to) override { unsteady_ = write_archive(from_, to); }
  std::vector<std::string> changed_meanwhile() const override { return unsteady_; }
  void check_dump(Source& dump) override { check_archive(dump); }

  void restore(Source& dump, const Restoring& how) override {
    const Dir parent = Dir::open(place_.parent_path());
    const std::string fresh = beside("restoring");
    const std::string kept = beside(how.label);
    parent.remove_tree(fresh);
    try {
      parent.make_dir(fresh, 0700);
      unpack_archive(dump, parent.descend(fresh));
      put_in_place(parent, fresh, kept);
    } catch (const Error& error) {
      parent.remove_tree(fresh);
      if (error.code() != Errc::io) throw;
      throw Error(Errc::target_failed, error.message(),
                  error.hint().empty() ? format("{} is as it was", place_.string()) : error.hint());
    }
    parent.sync();
  }

  // A restore is one renaming, or none.
  bool finish_restore(const std::string&) override { return false; }

  std::vector<std::string> kept() override {
    std::vector<std::string> names;
    if (!is_real_folder(place_.parent_path())) return names;
    for (const Entry& each : Dir::open(place_.parent_path()).entries()) {
      if (each.name.starts_with(beside("old_"))) names.push_back(each.name);
    }
    return names;
  }

  void drop_kept(const std::string& name) override {
    const Dir parent = Dir::open(place_.parent_path());
    parent.remove_tree(name);
    parent.sync();
  }

 private:
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

std::unique_ptr<databases::Restorable> open_folder(const fs::path& place, const fs::path& from) {
  return std::make_unique<Folder>(place, from);
}

}  // namespace sealift::installer
