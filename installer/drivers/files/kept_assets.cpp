// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/files/kept_assets.hpp"

#include <unistd.h>

#include <limits>

#include "base/folder_cursor.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "installer/drivers/files/owner.hpp"
#include "installer/drivers/files/tree_remover.hpp"

namespace sealift::installer {

using release::FileEntry;

namespace {

// Nothing where the folder is not there, or something else is.
std::optional<Dir> folder_at(const Dir& root, const std::string& path) {
  try {
    return root.descend(path.empty() ? "." : path);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

// The releases that files are taken from, each walked in the order of its table. In the order of
// the set: where several have a file, that of the newest is taken.
class KeptAssets::Sources {
 public:
  Sources(const Dir& root, const KeptSet& set, Receipts& receipts) : receipts_(receipts) {
    for (const KeptRelease& each : set.releases) {
      try {
        trees_.push_back(std::make_unique<Tree>(root.descend(each.directory)));
      } catch (const Error&) {
        // Pruned; what was kept of it stands already.
      }
    }
  }

  // Gives `entry` its name in `parent`; false where no release has just that file. A link costs
  // nothing and cannot change; a copy is for file systems that have none.
  bool give(const Dir& parent, const FileEntry& entry) {
    for (const auto& tree : trees_) {
      try {
        const Dir& folder = tree->cursor.at(entry.path.parent());
        const Fd file = folder.open_file(entry.path.name());
        if (!is_content(file.get(), entry)) continue;
        if (!link(folder, file.get(), parent, entry)) copy(file.get(), parent, entry);
        return true;
      } catch (const Error&) {
        // Not there, or damaged: another release may have it.
      }
    }
    return false;
  }

 private:
  struct Tree {
    explicit Tree(Dir dir) : root(std::move(dir)), cursor(root) {}
    Dir root;
    FolderCursor cursor;
  };

  static struct stat status_of(int fd, const FileEntry& entry) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) throw_errno(entry.path.str(), "stat");
    return status;
  }

  bool is_content(int fd, const FileEntry& entry) const {
    const struct stat status = status_of(fd, entry);
    return static_cast<std::uint64_t>(status.st_size) == entry.size &&
           (status.st_mode & 07777U) == entry.mode &&
           (receipts_.vouch_for(status, *entry.digest) ||
            digest_of(fd, entry.path.str()) == *entry.digest);
  }

  // False where the file system, or fs.protected_hardlinks, does not let us.
  bool link(const Dir& folder, int file, const Dir& parent, const FileEntry& entry) {
    const std::string name(entry.path.name());
    try {
      parent.link(folder, name, name);
    } catch (const Error&) {
      return false;
    }
    // The name could have been replaced since it was opened.
    const struct stat status = status_of(file, entry);
    const std::optional<struct stat> linked = parent.stat(name);
    if (!linked || linked->st_ino != status.st_ino || linked->st_dev != status.st_dev) {
      parent.remove(name);
      return false;
    }
    receipts_.record(status, *entry.digest);
    return true;
  }

  void copy(int file, const Dir& parent, const FileEntry& entry) {
    const struct stat from = status_of(file, entry);
    const Fd made = parent.create_file(entry.path.name(), entry.mode);
    FdSink out(made.get(), parent.path() + "/" + std::string(entry.path.name()));
    std::string buffer(256 * 1024, '\0');
    for (std::uint64_t offset = 0; offset < entry.size;) {
      const std::size_t count = read_at(file, offset, buffer, entry.path.str());
      if (count == 0) break;
      out.write(std::string_view(buffer).substr(0, count));
      offset += count;
    }
    if (::geteuid() == 0 && ::fchown(made.get(), from.st_uid, from.st_gid) != 0) {
      throw_errno(entry.path.str(), "set the owner");
    }
    if (digest_of(made.get(), entry.path.str()) != *entry.digest) {
      parent.remove(entry.path.name());
      throw Error(Errc::corrupt, "changed while it was copied");
    }
    receipts_.record(status_of(made.get(), entry), *entry.digest);
  }

  Receipts& receipts_;
  std::vector<std::unique_ptr<Tree>> trees_;
};

void KeptAssets::fill(const KeptSet& set, Content& content, const StopFlag* stop) {
  const std::string name(kKept);
  if (!root_.stat(name)) {
    root_.make_dir(name, 0755);
    const Dir made = root_.descend(name);
    copy_selinux_label(root_, made);
    own(made, owner_);
    root_.sync();
  }
  const Dir kept = root_.descend(name);
  FolderCursor cursor(kept);
  Sources sources(root_, set, receipts_);
  KeptTable table(set, content);
  release::FileTableReader reader(table);
  while (const std::optional<FileEntry> entry = reader.next()) {
    if (stop != nullptr) stop->throw_if_set();
    const Dir& parent = cursor.at(entry->path.parent());
    if (entry->type == EntryType::directory) {
      put_folder(parent, *entry);
    } else {
      put_file(parent, *entry, sources);
    }
  }
  kept.sync_filesystem();
  receipts_.save();
}

void KeptAssets::put_folder(const Dir& parent, const FileEntry& entry) const {
  const std::string name(entry.path.name());
  const std::optional<struct stat> status = parent.stat(name);
  if (status && S_ISDIR(status->st_mode)) return;
  if (status) parent.remove(name);
  parent.make_dir(name, entry.mode);
  own(parent.descend(name), owner_);
}

// What is there under the name and is something else is removed first: PATH/kept is ours alone.
void KeptAssets::put_file(const Dir& parent, const FileEntry& entry, Sources& sources) {
  if (stands(parent, entry)) return;
  remove_tree(parent, std::string(entry.path.name()), receipts_);
  if (!sources.give(parent, entry)) {
    log::warning(format("{}/{}: no release has this file any more, it is not kept", parent.path(),
                        printable(entry.path.name())));
  }
}

bool KeptAssets::stands(const Dir& parent, const FileEntry& entry) const {
  const std::optional<struct stat> status = parent.stat(entry.path.name());
  if (!status || !S_ISREG(status->st_mode) || (status->st_mode & 07777U) != entry.mode ||
      static_cast<std::uint64_t>(status->st_size) != entry.size) {
    return false;
  }
  return receipts_.vouch_for(*status, *entry.digest) ||
         digest_of(parent.open_file(entry.path.name()).get(), entry.path.str()) == *entry.digest;
}

// What `after` has beyond `before`, innermost first, whether fill() came that far or not; then what
// `before` had is filled in again.
void KeptAssets::take_back(const KeptSet& after, const KeptSet* before, Content& content) {
  if (!root_.stat(kKept)) return;
  std::vector<FileEntry> added;
  KeptTable now(after, content);
  std::optional<KeptTable> then;
  if (before != nullptr) then.emplace(*before, content);
  release::compare_tables(then ? &*then : nullptr, &now, release::Same::counted,
                          [&](release::Change, const FileEntry*, const FileEntry* entry) {
                            if (entry != nullptr) added.push_back(*entry);
                          });
  const Dir kept = root_.descend(kKept);
  for (auto each = added.rbegin(); each != added.rend(); ++each) {
    const std::optional<Dir> folder = folder_at(kept, std::string(each->path.parent()));
    const std::string name(each->path.name());
    if (!folder || !folder->stat(name)) continue;
    if (each->type == EntryType::file) {
      remove_file(*folder, name, receipts_);
    } else if (folder->descend(name).entries().empty()) {
      folder->remove_tree(name);
    }
  }
  if (before != nullptr) {
    fill(*before, content);
    return;
  }
  if (kept.entries().empty()) root_.remove_tree(kKept);
  root_.sync_filesystem();
  receipts_.save();
}

// Strangers are found as drift finds them, and here they go.
void KeptAssets::trim(const KeptSet* set, Content& content) {
  const std::string name(kKept);
  if (!root_.stat(name)) return;
  if (set == nullptr) {
    remove_tree(root_, name, receipts_);
  } else {
    const Dir kept = root_.descend(name);
    KeptTable table(*set, content);
    const TreeQuestion question{.receipts = receipts_,
                                .thoroughness = Thoroughness::by_receipt,
                                .strangers = Strangers::reported,
                                .owner = {},
                                .limit = std::numeric_limits<std::size_t>::max()};
    for (const Difference& each : check_tree(kept, table, question)) {
      if (each.found != kStranger) continue;
      const std::size_t slash = each.path.rfind('/');
      const Dir folder = kept.descend(slash == each.path.npos ? "." : each.path.substr(0, slash));
      remove_tree(folder, each.path.substr(slash == each.path.npos ? 0 : slash + 1), receipts_);
    }
  }
  root_.sync();
  receipts_.save();
}

std::vector<Difference> KeptAssets::check(const KeptSet& set, Content& content,
                                          const TreeQuestion& question) const {
  const std::optional<struct stat> status = root_.stat(kKept);
  if (!status) return {{std::string(kKept), "missing"}};
  if (!S_ISDIR(status->st_mode)) return {{std::string(kKept), "of another type"}};
  KeptTable table(set, content);
  std::vector<Difference> differences = check_tree(root_.descend(kKept), table, question);
  for (Difference& each : differences) each.path = format("{}/{}", kKept, each.path);
  return differences;
}

}  // namespace sealift::installer
