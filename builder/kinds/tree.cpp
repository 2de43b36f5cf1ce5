// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/tree.hpp"

#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "base/path.hpp"
#include "content/media_types.hpp"
#include "content/tar.hpp"
#include "release/file_table.hpp"
#include "release/glob.hpp"

namespace sealift::builder {

namespace {

using release::FileEntry;

constexpr std::uint64_t kMaxInspectedBytes = 4U << 20;

// A source such as "client/dist" or "client/**/*.js": where the tree begins, and what of it is
// wanted.
struct Selection {
  std::string root;  // relative to the release's folder; empty: that folder
  std::optional<release::Glob> wanted;
  std::vector<release::Glob> excluded;

  bool takes_file(const std::string& path) const {
    return !excludes(path) && (!wanted || wanted->matches(path));
  }
  bool excludes(const std::string& path) const {
    return std::any_of(excluded.begin(), excluded.end(),
                       [&](const release::Glob& glob) { return glob.matches(path); });
  }
};

Selection select(const release::ComponentEntry& entry) {
  Selection selection{.root = entry.source, .wanted = {}, .excluded = {}};
  if (const std::size_t magic = entry.source.find_first_of("*?"); magic != std::string::npos) {
    const std::size_t slash = entry.source.rfind('/', magic);
    selection.root = slash == std::string::npos ? "" : entry.source.substr(0, slash);
    selection.wanted.emplace(slash == std::string::npos ? entry.source
                                                        : entry.source.substr(slash + 1));
  }
  for (const std::string& pattern : entry.exclude) selection.excluded.emplace_back(pattern);
  return selection;
}

class TreePacker {
 public:
  TreePacker(Selection selection, std::string where, bundle::Spool& spool, Progress& progress,
             const Inspect& inspect, MadeFiles made)
      : selection_(std::move(selection)),
        where_(std::move(where)),
        tar_(spool),
        table_(spool),
        progress_(progress),
        inspect_(inspect),
        made_(std::move(made)),
        buffer_(1U << 20, '\0') {}

  // Without a folder, only what is made.
  void pack(const Dir* root) { walk(root, ""); }

  PackedTree finish(std::string_view tree_type) {
    for (const auto& [path, unused] : made_) {
      if (!in_the_way_.contains(path)) {
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
    std::vector<Entry> entries = folder == nullptr ? std::vector<Entry>{} : folder->entries();
    const std::set<std::string> only_made = add_made(entries, prefix);
    for (Entry& entry : entries) {
      if (entry.type == EntryType::directory) entry.name += '/';
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.name < b.name; });
    for (Entry& entry : entries) {
      if (entry.type == EntryType::directory) entry.name.pop_back();
      const std::string path = prefix + entry.name;
      if (selection_.excludes(path)) continue;
      try {
        const bool is_made = only_made.contains(entry.name);
        if (is_made && entry.type == EntryType::file) {
          add_made_file(path);
        } else {
          add(is_made ? nullptr : folder, entry, path);
        }
      } catch (const Error& error) {
        if (error.code() != Errc::invalid_input) throw;
        problems_.add(error.within(where_));
      }
    }
  }

  // Adds what is made below `prefix`; the names that only it has.
  std::set<std::string> add_made(std::vector<Entry>& entries, const std::string& prefix) {
    std::set<std::string> names;
    for (const auto& [path, unused] : made_) {
      if (!path.starts_with(prefix)) continue;
      const std::string rest = path.substr(prefix.size());
      const std::size_t slash = rest.find('/');
      const Entry entry{rest.substr(0, slash),
                        slash == rest.npos ? EntryType::file : EntryType::directory};
      const auto found = std::find_if(entries.begin(), entries.end(),
                                      [&](const Entry& each) { return each.name == entry.name; });
      if (found == entries.end()) {
        entries.push_back(entry);
        names.insert(entry.name);
      } else if (entry.type == EntryType::file || found->type != EntryType::directory) {
        problems_.add(format("{}: outputs makes {}, where the source has {}{}", where_, path,
                             prefix, entry.name),
                      "name it otherwise, or remove that from the source");
        in_the_way_.insert(path);
      }
    }
    return names;
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

  void flush_folders() {
    for (const FileEntry& folder : waiting_) {
      put(folder);
      ++packed_.document.directories;
    }
    waiting_.clear();
  }

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
    FdSource source(fd.get(), folder.path() + "/" + entry.name);
    Hasher hasher;
    std::uint64_t size = 0;
    std::string text;
    while (const std::size_t count = source.read(buffer_)) {
      const std::string_view part = std::string_view(buffer_).substr(0, count);
      size += count;
      if (size > row.size) break;
      hasher.update(part);
      tar_.write(part);
      if (inspect_) keep_text(text, part, path);
      progress_.advance(count);
    }
    if (size != row.size) {
      throw Error(Errc::io,
                  format("{}: changed while it was read", folder.path() + "/" + entry.name),
                  "build from files that nothing writes to");
    }
    tar_.write(content::tar_padding(size));
    row.digest = hasher.finish();
    put_row(row);
    ++packed_.document.files;
    packed_.document.bytes += size;
    if (inspect_) inspect_(path.str(), text);
  }

  void add_made_file(const std::string& path) {
    const auto found = made_.find(path);
    const std::string text = std::move(found->second);
    made_.erase(found);
    flush_folders();
    const FileEntry row{.path = RelPath::parse(path),
                        .size = text.size(),
                        .digest = Digest::of(text),
                        .target = {}};
    tar_.write(content::tar_header(release::tar_entry(row)));
    tar_.write(text);
    tar_.write(content::tar_padding(row.size));
    put_row(row);
    ++packed_.document.files;
    packed_.document.bytes += row.size;
    if (inspect_) inspect_(path, text);
  }

  static void keep_text(std::string& text, std::string_view part, const RelPath& path) {
    if (text.size() + part.size() > kMaxInspectedBytes) {
      throw Error(Errc::invalid_input, format("{}: more than {} bytes, the limit of a template",
                                              path.str(), kMaxInspectedBytes));
    }
    text += part;
  }

  void put(const FileEntry& entry) {
    tar_.write(content::tar_header(release::tar_entry(entry)));
    put_row(entry);
  }

  void put_row(const FileEntry& entry) {
    rules_.check(entry);
    table_.write(to_line(entry));
    table_.write("\n");
  }

  Selection selection_;
  std::string where_;
  bundle::Spool::Blob tar_;
  bundle::Spool::Blob table_;
  Progress& progress_;
  const Inspect& inspect_;
  MadeFiles made_;  // what is not packed yet
  std::set<std::string> in_the_way_;
  std::string buffer_;
  std::vector<FileEntry> waiting_;
  release::TreeRules rules_;
  Problems problems_;
  PackedTree packed_{content::empty_descriptor(), content::empty_descriptor(), {}};
};

}  // namespace

PackedTree pack_tree(const fs::path& folder, const release::ComponentEntry& entry,
                     std::string_view tree_type, bundle::Spool& spool, Progress& progress,
                     const Inspect& inspect, MadeFiles made) {
  Selection selection = select(entry);
  const std::string where = entry.source.empty()
                                ? format("components.{}", entry.name)
                                : format("components.{}: {}", entry.name, entry.source);
  std::optional<Dir> root;
  if (!entry.source.empty()) {
    const Dir base = Dir::open(folder);
    if (!base.stat(selection.root.empty() ? "." : selection.root)) {
      throw Error(Errc::invalid_input,
                  format("{}: found no such folder in {}", where, folder.string()),
                  "build the sources first, or correct components[].source");
    }
    root = base.descend(selection.root);
  }
  progress.begin(format("packing {}", entry.name), 0);
  TreePacker packer(std::move(selection), where, spool, progress, inspect, std::move(made));
  packer.pack(root ? &*root : nullptr);
  progress.end();
  PackedTree packed = packer.finish(tree_type);
  packed.document.name = entry.name;
  return packed;
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
