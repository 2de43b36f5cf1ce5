// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/files/directory_unpack.hpp"

#include "installer/drivers/files/directory_place.hpp"
#include "installer/drivers/files/owner.hpp"
#include "installer/drivers/files/tree_writer.hpp"

namespace sealift::installer {

namespace {

// The marker comes before the first release: a path with releases and without a marker would be
// taken for somebody else's after a crash.
void prepare(const Unpack& unpack) {
  make_dirs(unpack.path, kDirectoryMode);
  const Dir root = Dir::open(unpack.path);
  if (!unpack.missing.empty()) own(root, parse_owner(unpack.owner));
  if (!root.stat(kMarker)) {
    write_file(fs::path(unpack.path) / kMarker,
               marker_text(unpack.site, unpack.target,
                           unpack.missing.empty() ? Maker::others : Maker::us));
  }
  if (!root.stat(kReleases)) {
    root.make_dir(kReleases, kDirectoryMode);
    root.sync();
  }
}

// With the folders around it, of which the tree may have none.
void put_link(const Dir& staging, const std::string& path, const std::string& target,
              TreeWriter& writer, TreeStream& tree) {
  const auto entry = [](std::string_view at, EntryType type, const std::string& to) {
    return release::FileEntry{.path = RelPath::parse(at),
                              .type = type,
                              .mode = kDirectoryMode,
                              .digest = {},
                              .target = to};
  };
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
    const std::string folder = path.substr(0, slash);
    if (entry_exists(fs::path(staging.path()) / folder)) continue;
    writer.put(entry(folder, EntryType::directory, ""), tree);
  }
  writer.put(entry(path, EntryType::symlink, target), tree);
}

// Leaves a path as it was found: what was created is removed if it is still empty.
void remove_preparation(const Unpack& unpack) {
  if (!dir_exists(unpack.path)) return;
  const fs::path path = unpack.path;
  remove_empty_dir(path / kReleases);
  if (!path_exists(path / kReleases)) sealift::remove_file(path / kMarker);
  sync_dir(path);
  for (auto made = unpack.missing.rbegin(); made != unpack.missing.rend(); ++made) {
    if (!remove_empty_dir(*made)) break;
    sync_dir(fs::path(*made).parent_path());
  }
}

}  // namespace

// One sync of the file system is cheaper than one of each file, and comes before the rename, so
// that the name never appears before its content. What of the base is the same is shared and not
// written again.
std::optional<std::uint64_t> unpack_release(const Unpack& unpack, const std::string& component,
                                            Receipts receipts, const TableKey& key, StepIo& io) {
  prepare(unpack);
  const Dir root = Dir::open(unpack.path);
  const Dir releases = root.descend(kReleases);
  if (releases.stat(unpack.name())) return std::nullopt;  // the rename was the last act
  releases.remove_tree(unpack.staging);
  releases.make_dir(unpack.staging, kDirectoryMode);
  const Dir staging = releases.descend(unpack.staging);
  copy_selinux_label(root, staging);
  const std::optional<Owner> owner = parse_owner(unpack.owner);
  own(staging, owner);
  TreeWriter writer(staging, owner, receipts, key);
  if (unpack.base_table && dir_exists(fs::path(unpack.path) / unpack.base)) {
    writer.share_with({root.descend(unpack.base), io.content.table(*unpack.base_table)});
  }
  const std::unique_ptr<TreeStream> tree = io.content.tree(component);
  while (const std::optional<release::FileEntry> entry = tree->next()) {
    io.stop.throw_if_set();
    writer.put(*entry, *tree);
    io.progress.advance(entry->size);
  }
  for (const auto& [path, target] : unpack.links) put_link(staging, path, target, writer, *tree);
  staging.sync_filesystem();
  releases.rename(unpack.staging, unpack.name());
  releases.sync();
  receipts.save();
  return writer.written();
}

// Of a path that had releases before, only this one goes.
void remove_unpacked(const Unpack& unpack) {
  if (dir_exists(fs::path(unpack.path) / kReleases)) {
    const Dir root = Dir::open(unpack.path);
    const Dir releases = root.descend(kReleases);
    releases.remove_tree(unpack.staging);
    releases.remove_tree(unpack.name());
    releases.sync();
  }
  if (unpack.fresh) remove_preparation(unpack);
}

}  // namespace sealift::installer
