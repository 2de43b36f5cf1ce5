// SPDX-License-Identifier: Apache-2.0
#include "builder/kind/tree.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/program_file.hpp"
#include "base/sha384.hpp"
#include "builder/kind/selection.hpp"
#include "builder/kind/variants.hpp"
#include "builder/workshop/key_scan.hpp"
#include "content/media_types.hpp"
#include "content/tar.hpp"
#include "release/documents/file_table.hpp"
#include "release/documents/persist.hpp"
#include "release/text/glob.hpp"

namespace sealift::builder {

namespace {

using release::FileEntry;

// Something that the tree will hold.
struct Item {
  Entry entry;
  bool is_made = false;       // not in the source
  std::string original = {};  // of a compressed file: the name of the one that it is made of
  content::Encoding encoding = {};
};

// Tar and file table are written in one walk over the source, with nothing of a file kept. Mistakes
// are collected: one run names all of a component's.
class TreePacker {
 public:
  TreePacker(Selection selection, std::string where, const release::ComponentEntry& entry,
             const Workshop& workshop, const Beside& beside)
      : selection_(std::move(selection)),
        where_(std::move(where)),
        services_(entry.services),
        persist_(entry.persist),
        tar_(workshop.spool),
        table_(workshop.spool),
        workers_(workshop.workers),
        progress_(workshop.progress),
        beside_(beside),
        buffer_(1U << 20, '\0') {
    for (const release::ServiceFiles& files : services_) unmatched_.emplace_back(files.glob);
  }

  // Without a folder, only what is made.
  void pack(const Dir* root) { walk(root, ""); }

  PackedTree finish(std::string_view tree_type) {
    give_to_services();
    for (const auto& [path, unused] : beside_.made) {
      if (!settled_.contains(path)) {
        problems_.add(format("{}: {} is made by outputs and excluded", where_, path));
      }
    }
    problems_.throw_if_any(Errc::invalid_input);
    if (packed_.document.files + packed_.document.symlinks == 0) {
      throw Error(Errc::invalid_input, format("{}: found no file, expected at least one", where_),
                  "check source and exclude, and that the build step before this one ran");
    }
    tar_.write(content::tar_end());
    packed_.file_table = table_.finish(media_type::kFileTable);
    packed_.tree = tar_.finish(tree_type);
    return packed_;
  }

 private:
  // Depth first, each folder in the order of tar names, which makes the whole walk sorted.
  void walk(const Dir* folder, const std::string& prefix) {
    const std::vector<Item> items = items_of(folder, prefix);
    std::optional<Variants> variants;
    if (folder != nullptr) variants.emplace(*folder, workers_);
    for (const Item& item : items) {
      if (!item.original.empty()) variants->want(item.original, item.encoding);
    }
    std::map<std::string, Digest> packed;
    for (const Item& item : items) {
      const std::string path = prefix + item.entry.name;
      if (!item.original.empty()) {
        const Variants::Variant variant = variants->take();
        const auto original = packed.find(item.original);
        if (original != packed.end()) add_variant(variant, original->second, path);
        continue;
      }
      try {
        if (item.is_made && item.entry.type == EntryType::file) {
          add_made(path);
        } else {
          add(item.is_made ? nullptr : folder, item.entry, path);
        }
      } catch (const Error& error) {
        if (error.code() != Errc::invalid_input) throw;
        problems_.add(error.within(where_));
        continue;
      }
      if (last_file_) packed.emplace(item.entry.name, *std::exchange(last_file_, std::nullopt));
    }
  }

  // What the folder holds and what is made beside it, sorted.
  std::vector<Item> items_of(const Dir* folder, const std::string& prefix) {
    std::vector<Item> items;
    std::map<std::string, EntryType> names;
    for (Entry& entry : folder == nullptr ? std::vector<Entry>{} : folder->entries()) {
      if (beside_.replaced.contains(prefix + entry.name)) continue;
      names.emplace(entry.name, entry.type);
      if (!selection_.excludes(prefix + entry.name)) items.push_back({.entry = std::move(entry)});
    }
    for (std::size_t i = 0, count = items.size(); i < count; ++i) {
      const Entry entry = items[i].entry;
      if (!gets_variants(*folder, entry, prefix + entry.name)) continue;
      for (const content::Encoding encoding : beside_.encodings) {
        const std::string name = entry.name + std::string(content::suffix_of(encoding));
        // As one that would not shrink: the file itself is enough.
        if (name.size() > RelPath::kMaxComponentBytes ||
            prefix.size() + name.size() > RelPath::kMaxBytes) {
          continue;
        }
        if (names.contains(name) || selection_.excludes(prefix + name)) continue;
        items.push_back(
            {.entry = {name, EntryType::file}, .original = entry.name, .encoding = encoding});
      }
    }
    add_made(prefix, names, items);
    const auto tar_name = [](const Item& item) {
      return item.entry.type == EntryType::directory ? item.entry.name + "/" : item.entry.name;
    };
    std::sort(items.begin(), items.end(),
              [&](const Item& a, const Item& b) { return tar_name(a) < tar_name(b); });
    return items;
  }

  // What is made below `prefix`, each name once; a source in its place is said.
  void add_made(const std::string& prefix, std::map<std::string, EntryType>& names,
                std::vector<Item>& items) {
    for (const auto& [path, unused] : beside_.made) {
      if (!path.starts_with(prefix)) continue;
      const std::string rest = path.substr(prefix.size());
      const std::size_t slash = rest.find('/');
      const Entry entry{rest.substr(0, slash),
                        slash == rest.npos ? EntryType::file : EntryType::directory};
      const auto [other, is_new] = names.emplace(entry.name, entry.type);
      // A file that is no part of the source, such as .env beside a Compose file, is in no way.
      const bool is_free = is_new || (other->second != EntryType::directory &&
                                      !selection_.takes_file(prefix + entry.name));
      if (is_free) {
        if (!selection_.excludes(prefix + entry.name)) {
          items.push_back({.entry = entry, .is_made = true});
        }
      } else if (entry.type == EntryType::file || other->second != EntryType::directory) {
        settled_.insert(path);
        problems_.add(format("{}: outputs makes {}, where the source has {}{}", where_, path,
                             prefix, entry.name),
                      "name it otherwise, or remove that from the source");
      }
    }
  }

  // Small files gain nothing by compression, and very large ones would fill the memory.
  bool gets_variants(const Dir& folder, const Entry& entry, const std::string& path) const {
    if (beside_.encodings.empty() || entry.type != EntryType::file ||
        !selection_.takes_file(path) || !beside_.is_compressible(path)) {
      return false;
    }
    const std::optional<struct stat> status = folder.stat(entry.name);
    if (!status) return false;
    const auto size = static_cast<std::uint64_t>(status->st_size);
    return size >= kMinVariantOf && size <= kMaxVariantOf;
  }

  // A folder that is null has only what is made.
  void add(const Dir* folder, const Entry& entry, const std::string& path) {
    if (entry.type == EntryType::directory) {
      waiting_.push_back({.path = RelPath::parse(path),
                          .type = EntryType::directory,
                          .mode = 0755,
                          .digest = {},
                          .target = {}});
      // With a glob, a directory is listed once something in it is.
      if (!selection_.wanted) flush_folders();
      if (folder == nullptr) {
        walk(nullptr, path + "/");
      } else {
        const Dir inside = folder->descend(entry.name);
        walk(&inside, path + "/");
      }
      if (!waiting_.empty() && waiting_.back().path.str() == path) waiting_.pop_back();
      return;
    }
    if (!selection_.takes_file(path)) return;
    const RelPath name = RelPath::parse(path);
    flush_folders();
    if (entry.type == EntryType::symlink) {
      const std::string target = folder->read_link(entry.name).value_or("");
      put({.path = name, .type = EntryType::symlink, .mode = 0644, .digest = {}, .target = target});
      ++packed_.document.symlinks;
    } else if (entry.type == EntryType::file) {
      add_file(*folder, entry, name);
    } else {
      throw Error(Errc::invalid_input,
                  format("{}: found a device, socket or pipe, expected a file", printable(path)));
    }
  }

  // Folders that were waiting for something to be in them.
  void flush_folders() {
    for (const FileEntry& folder : waiting_) {
      put(folder);
      ++packed_.document.directories;
    }
    waiting_.clear();
  }

  // Modes are 0755 or 0644 whatever the umask of who checked the source out. A header says the size
  // before the content comes, so a file that changes meanwhile is refused.
  void add_file(const Dir& folder, const Entry& entry, const RelPath& path) {
    const Fd fd = folder.open_file(entry.name);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) throw_errno(path.str(), "stat");
    FileEntry row{.path = path,
                  .mode = (status.st_mode & 0100U) != 0 ? 0755U : 0644U,
                  .size = static_cast<std::uint64_t>(status.st_size),
                  .digest = {},
                  .target = {}};
    tar_.write(content::tar_header(release::tar_entry(row)));
    const bool has_integrity = beside_.has_integrity && beside_.has_integrity(path.str());
    FdSource source(fd.get(), folder.path() + "/" + entry.name);
    Hasher hasher;
    KeyScan keys;
    Sha384 integrity;
    std::uint64_t size = 0;
    std::string head;
    FileText text(beside_.inspected_bytes);
    while (const std::size_t count = source.read(buffer_)) {
      const std::string_view part = std::string_view(buffer_).substr(0, count);
      size += count;
      if (size > row.size) break;
      hasher.update(part);
      keys.feed(part);
      head += part.substr(0, kProgramHead - head.size());
      if (has_integrity) integrity.update(part);
      tar_.write(part);
      if (beside_.inspect) text.feed(part);
      progress_.advance(count);
    }
    if (size != row.size) refuse_changed(folder.path() + "/" + entry.name);
    row.digest = hasher.finish();
    end_file(row);
    if (row.mode == 0755U) packed_.executables[path.str()] = head;
    refuse_key(keys, path);
    last_file_ = row.digest;
    if (has_integrity) packed_.sha384[path.str()] = integrity.finish();
    if (beside_.inspect) beside_.inspect(path.str(), text);
  }

  void add_made(const std::string& path) {
    const std::string& text = beside_.made.at(path);
    settled_.insert(path);
    flush_folders();
    const FileEntry row{.path = RelPath::parse(path),
                        .size = text.size(),
                        .digest = Digest::of(text),
                        .target = {}};
    tar_.write(content::tar_header(release::tar_entry(row)));
    tar_.write(text);
    end_file(row);
    if (beside_.inspect) beside_.inspect(path, FileText(text));
  }

  // A variant that is empty would not have shrunk. It is of a file that was packed before it: both
  // are compared by digest, for they were read one after the other.
  void add_variant(const Variants::Variant& variant, const Digest& original,
                   const std::string& path) {
    if (variant.of != original) refuse_changed(path);
    if (variant.content.empty()) return;
    const FileEntry row{.path = RelPath::parse(path),
                        .mode = 0644U,
                        .size = variant.content.size(),
                        .digest = Digest::of(variant.content),
                        .target = {}};
    tar_.write(content::tar_header(release::tar_entry(row)));
    tar_.write(variant.content);
    end_file(row);
  }

  void end_file(const FileEntry& row) {
    tar_.write(content::tar_padding(row.size));
    put_row(row);
    ++packed_.document.files;
    packed_.document.bytes += row.size;
  }

  static void refuse_key(const KeyScan& keys, const RelPath& path) {
    if (keys.found().empty()) return;
    throw Error(Errc::invalid_input,
                format("{}: holds {}, which everybody who has the bundle could read", path.str(),
                       keys.found()),
                "keys stay on their site: exclude it, and name the site's own file in site.yaml");
  }

  [[noreturn]] static void refuse_changed(const std::string& path) {
    throw Error(Errc::io, format("{}: changed while it was read", path),
                "build from files that nothing writes to");
  }

  void put(const FileEntry& entry) {
    tar_.write(content::tar_header(release::tar_entry(entry)));
    put_row(entry);
  }

  // Every glob must mean something: what is left over is a mistake of the author's.
  void give_to_services() {
    for (std::size_t i = 0; i < services_.size(); ++i) {
      const release::ServiceFiles& files = services_[i];
      packed_.document.services[files.service].push_back(files.glob);
      if (!unmatched_[i]) continue;
      problems_.add(format("{}: \"{}\" matches no file of this component", files.where,
                           printable(files.glob, 200)),
                    "paths begin below source, as in nginx/**");
    }
  }

  // Where data is kept, a release has a link and can have nothing else.
  void keep_clear_of_data(const FileEntry& entry) {
    const std::string& path = entry.path.str();
    for (const release::PersistEntry& kept : persist_) {
      const bool is_over_it =
          entry.type != EntryType::directory && release::lies_in(kept.folder, path);
      if (!is_over_it && !release::lies_in(path, kept.folder)) continue;
      if (!said_of_.insert(kept.folder).second) continue;
      problems_.add(format("{}: {} is a folder of data, and {} has {} there", kept.where,
                           kept.folder, where_, path),
                    format("leave it out with exclude: [\"{}\"], or take {} out of persist", path,
                           kept.folder));
    }
  }

  void put_row(const FileEntry& entry) {
    rules_.check(entry);
    keep_clear_of_data(entry);
    if (beside_.see_row) beside_.see_row(entry);
    for (std::optional<release::Glob>& glob : unmatched_) {
      if (glob && entry.type != EntryType::directory && glob->matches(entry.path.str())) {
        glob.reset();
      }
    }
    table_.write(to_line(entry));
    table_.write("\n");
  }

  Selection selection_;
  std::string where_;
  const std::vector<release::ServiceFiles>& services_;
  const std::vector<release::PersistEntry>& persist_;
  std::set<std::string> said_of_;                        // folders of `persist_`, once refused
  std::vector<std::optional<release::Glob>> unmatched_;  // of services, until a file matches
  bundle::Spool::Blob tar_;
  bundle::Spool::Blob table_;
  Workers& workers_;
  Progress& progress_;
  const Beside& beside_;
  std::string buffer_;
  std::optional<Digest> last_file_;  // that add() packed
  std::set<std::string> settled_;    // what is made, once it is packed or refused
  std::vector<FileEntry> waiting_;
  release::TreeRules rules_;
  Problems problems_;
  PackedTree packed_{content::empty_descriptor(), content::empty_descriptor(), {}};
};

}  // namespace

namespace {

PackedTree pack(const Workshop& workshop, const release::ComponentEntry& entry,
                std::string_view tree_type, const Beside& beside, Selection selection,
                const Dir* root) {
  const std::string where = entry.source.empty()
                                ? format("components.{}", entry.name)
                                : format("components.{}: {}", entry.name, entry.source);
  workshop.progress.begin(format("packing {}", entry.name), 0);
  TreePacker packer(std::move(selection), where, entry, workshop, beside);
  packer.pack(root);
  workshop.progress.end();
  PackedTree packed = packer.finish(tree_type);
  packed.document.name = entry.name;
  for (const release::PersistEntry& kept : entry.persist) {
    packed.document.persist.push_back(kept.folder);
  }
  std::sort(packed.document.persist.begin(), packed.document.persist.end());
  if (root != nullptr) packed.folder = root->path();
  return packed;
}

}  // namespace

PackedTree pack_tree(const Workshop& workshop, const release::ComponentEntry& entry,
                     std::string_view tree_type, const Beside& beside) {
  Selection selection = selection_of(entry);
  if (entry.source.empty()) {
    return pack(workshop, entry, tree_type, beside, std::move(selection), nullptr);
  }
  const fs::path& folder = workshop.release.folder;
  const fs::path source = entry.source;
  if (const auto own = link_status_of(folder / entry.source); own && S_ISREG(own->st_mode)) {
    selection.root = source.parent_path();
    selection.wanted.emplace(source.filename().string());
  }
  const Dir root = Dir::open(source_folder(folder, selection.root, entry));
  return pack(workshop, entry, tree_type, beside, std::move(selection), &root);
}

PackedTree pack_texts(const Workshop& workshop, const release::ComponentEntry& entry,
                      std::string_view tree_type, MadeFiles files) {
  return pack(workshop, entry, tree_type, {.made = std::move(files)}, {}, nullptr);
}

release::Component tree_component(const release::ComponentEntry& entry,
                                  std::string_view artifact_type, const PackedTree& packed) {
  release::Manifest manifest{
      .artifact_type = std::string(artifact_type),
      .config = content::describe(media_type::kComponentConfig, to_text(packed.document)),
      .layers = {packed.file_table, packed.tree},
      .subject = {}};
  return {.row = {.name = entry.name,
                  .artifact_type = std::string(artifact_type),
                  .target = entry.target,
                  .optional = entry.optional},
          .document = packed.document,
          .manifest = std::move(manifest)};
}

}  // namespace sealift::builder
