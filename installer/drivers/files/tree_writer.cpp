// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/files/tree_writer.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/format.hpp"
#include "installer/drivers/files/tree_check.hpp"

namespace sealift::installer {

using release::FileEntry;

namespace {

struct stat status_of(int fd, std::string_view name) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_errno(name, "stat");
  return status;
}

}  // namespace

// The earlier tree, walked in step with the new one: both tables are sorted alike.
class TreeWriter::Base {
 public:
  explicit Base(SharedTree tree)
      : tree_(std::move(tree)), cursor_(tree_.root), reader_(*tree_.table), next_(reader_.next()) {}

  // True where the earlier tree lists exactly this entry.
  bool lists(const FileEntry& entry) {
    const std::string name = release::tar_entry(entry).name;
    while (next_ && release::tar_entry(*next_).name < name) next_ = reader_.next();
    return next_ && *next_ == entry;
  }
  const Dir& folder_of(const FileEntry& entry) { return cursor_.at(entry.path.parent()); }

 private:
  SharedTree tree_;
  FolderCursor cursor_;
  release::FileTableReader reader_;
  std::optional<FileEntry> next_;
};

TreeWriter::TreeWriter(const Dir& root, std::optional<Owner> owner, Receipts& receipts,
                       TableKey key)
    : cursor_(root),
      owner_(owner),
      receipts_(receipts),
      key_(std::move(key)),
      buffer_(256 * 1024, '\0') {}

TreeWriter::~TreeWriter() = default;

void TreeWriter::share_with(SharedTree base) {
  base_ = std::make_unique<Base>(std::move(base));
}

// Folders come before what is in them, as in the table.
void TreeWriter::put(const FileEntry& entry, TreeStream& content) {
  const Dir& folder = cursor_.at(entry.path.parent());
  const std::string name(entry.path.name());
  switch (entry.type) {
    case EntryType::directory: {
      folder.make_dir(name, entry.mode);
      if (owner_) own(folder.descend(name).fd(), name);
      break;
    }
    case EntryType::symlink:
      folder.make_symlink(entry.target, name);
      if (owner_ && ::fchownat(folder.fd(), name.c_str(), owner_->uid, owner_->gid,
                               AT_SYMLINK_NOFOLLOW) != 0) {
        throw_errno(entry.path.str(), "set the owner");
      }
      break;
    default:
      if (!share(entry, folder)) write_file(entry, folder, content);
  }
}

// Nothing is gained by an empty file. A file of another owner or mode is not shared, for a hard
// link has only one of each.
bool TreeWriter::share(const FileEntry& entry, const Dir& folder) {
  if (!base_ || entry.size == 0 || !base_->lists(entry)) return false;
  Fd old;
  try {
    old = base_->folder_of(entry).open_file(entry.path.name());
  } catch (const Error&) {
    return false;  // the earlier tree was damaged by hand; the bundle has the content
  }
  const struct stat status = status_of(old.get(), entry.path.str());
  const Owner wanted = owner_.value_or(Owner{::geteuid(), status.st_gid});
  if (static_cast<std::uint64_t>(status.st_size) != entry.size ||
      (status.st_mode & 07777U) != entry.mode || status.st_uid != wanted.uid ||
      status.st_gid != wanted.gid) {
    return false;
  }
  return (reflinks_ && share_by_reflink(entry, folder, old.get())) ||
         share_by_link(entry, folder, old.get());
}

// Cloned first and hashed then, so that what was hashed is what stands (ioctl_ficlone(2)).
bool TreeWriter::share_by_reflink(const FileEntry& entry, const Dir& folder, int old) {
  const Fd fresh = folder.create_file(entry.path.name(), entry.mode);
  if (::ioctl(fresh.get(), FICLONE, old) != 0) {
    reflinks_ = false;
    folder.remove(entry.path.name());
    return false;
  }
  if (key_.digest(entry, digest_of(fresh.get(), entry.path.str())) != *entry.digest) {
    folder.remove(entry.path.name());
    return false;
  }
  own(fresh.get(), entry.path.str());
  note(fresh.get(), *entry.digest);
  return true;
}

bool TreeWriter::share_by_link(const FileEntry& entry, const Dir& folder, int old) {
  if (key_.digest(entry, digest_of(old, entry.path.str())) != *entry.digest) return false;
  const std::string name(entry.path.name());
  try {
    folder.link(base_->folder_of(entry), name, name);
  } catch (const Error&) {
    return false;  // another file system, too many links, or fs.protected_hardlinks
  }
  // The name could have been replaced since it was opened: what was linked must be what was hashed.
  const struct stat hashed = status_of(old, entry.path.str());
  const std::optional<struct stat> linked = folder.stat(name);
  if (!linked || linked->st_ino != hashed.st_ino || linked->st_dev != hashed.st_dev) {
    folder.remove(name);
    return false;
  }
  receipts_.record(hashed, *entry.digest);
  return true;
}

void TreeWriter::write_file(const FileEntry& entry, const Dir& folder, TreeStream& content) {
  const Fd fd = folder.create_file(entry.path.name(), entry.mode);
  FdSink out(fd.get(), folder.path() + "/" + std::string(entry.path.name()));
  Hasher hasher;
  std::uint64_t size = 0;
  while (const std::size_t count = content.read(buffer_)) {
    const std::string_view part = std::string_view(buffer_).substr(0, count);
    hasher.update(part);
    out.write(part);
    size += count;
  }
  if (size != entry.size || key_.digest(entry, hasher.finish()) != *entry.digest) {
    throw Error(Errc::corrupt,
                format("{}: content is not what the file table says", entry.path.str()),
                "the bundle was changed after it was verified, or its builder is at fault");
  }
  own(fd.get(), entry.path.str());
  note(fd.get(), *entry.digest);
  written_ += size;
}

void TreeWriter::own(int fd, std::string_view name) const {
  if (owner_ && ::fchown(fd, owner_->uid, owner_->gid) != 0) throw_errno(name, "set the owner");
}

void TreeWriter::note(int fd, const Digest& digest) {
  receipts_.record(status_of(fd, "file just written"), digest);
}

}  // namespace sealift::installer
