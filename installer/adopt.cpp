// SPDX-License-Identifier: Apache-2.0
#include "installer/adopt.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/drivers/tree_check.hpp"

namespace sealift::installer {

namespace {

using release::FileEntry;

constexpr std::string_view kVersion = "0.0.0-adopted";

// What is adopted at one path.
struct Found {
  fs::path folder;
  std::vector<std::string> skipped;  // names directly in it that are not content
  Digest table;
  std::uint64_t files;
  std::uint64_t bytes;
};

// Lists a folder as a file table, hashing every file.
class FolderScan {
 public:
  FolderScan(const Dir& root, const std::vector<std::string>& skipped, Sink& table,
             const TableKey& key)
      : skipped_(skipped), table_(table), key_(key) {
    walk(root, "");
  }
  std::uint64_t files() const { return files_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  void walk(const Dir& folder, const std::string& prefix) {
    std::vector<std::pair<std::string, Entry>> entries;
    for (const Entry& entry : folder.entries()) {
      if (prefix.empty() &&
          std::find(skipped_.begin(), skipped_.end(), entry.name) != skipped_.end()) {
        continue;
      }
      entries.emplace_back(entry.name + (entry.type == EntryType::directory ? "/" : ""), entry);
    }
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [unused, entry] : entries) add(folder, entry, prefix + entry.name);
  }

  void add(const Dir& folder, const Entry& entry, const std::string& path) {
    const std::optional<struct stat> status = folder.stat(entry.name);
    FileEntry row{.path = RelPath::parse(path),
                  .type = entry.type,
                  .mode = status->st_mode & 0777U,
                  .digest = {},
                  .target = {}};
    if (entry.type == EntryType::symlink) {
      row.target = folder.read_link(entry.name).value_or("");
    } else if (entry.type == EntryType::file) {
      row.size = static_cast<std::uint64_t>(status->st_size);
      row.digest = key_.digest(row, digest_of(folder.open_file(entry.name).get(), path));
      ++files_;
      bytes_ += row.size;
    } else if (entry.type == EntryType::other) {
      throw Error(Errc::incompatible,
                  format("{}/{}: found a device, socket or pipe, which cannot be adopted",
                         folder.path(), printable(entry.name)),
                  "move it away first");
    }
    rules_.check(row);
    table_.write(to_line(row) + "\n");
    if (entry.type == EntryType::directory) walk(folder.descend(entry.name), path + "/");
  }

  const std::vector<std::string>& skipped_;
  Sink& table_;
  const TableKey& key_;
  release::TreeRules rules_;
  std::uint64_t files_ = 0;
  std::uint64_t bytes_ = 0;
};

// The files of a folder, in the order of the table that was made of it.
class FolderTree : public TreeStream {
 public:
  FolderTree(const fs::path& folder, std::unique_ptr<Source> table)
      : root_(Dir::open(folder)), table_(std::move(table)), reader_(*table_) {}

  std::optional<FileEntry> next() override {
    std::optional<FileEntry> entry = reader_.next();
    file_ = Fd();
    offset_ = 0;
    if (entry && entry->type == EntryType::file) file_ = root_.open_file(entry->path.str());
    return entry;
  }
  std::size_t read(std::span<char> into) override {
    const std::size_t count = read_at(file_.get(), offset_, into, root_.path());
    offset_ += count;
    return count;
  }

 private:
  Dir root_;
  std::unique_ptr<Source> table_;
  release::FileTableReader reader_;
  Fd file_;
  std::uint64_t offset_ = 0;
};

class FolderContent : public Content {
 public:
  explicit FolderContent(const Tools& tools)
      : tables_(tools.installation.layout, {}, std::nullopt, {}, tools.workers) {}

  void add(const std::string& component, Found found) {
    found_.emplace(component, std::move(found));
  }
  std::unique_ptr<TreeStream> tree(const std::string& component) override {
    const Found& found = found_.at(component);
    return std::make_unique<FolderTree>(found.folder, table(found.table));
  }
  std::unique_ptr<Source> table(const Digest& digest) override { return tables_.table(digest); }
  const signing::Secret& secret(const std::string& key) override { return tables_.secret(key); }
  const content::Image& image(const Digest& digest) override { return tables_.image(digest); }
  std::unique_ptr<Source> blob(const Digest& digest) override { return tables_.blob(digest); }

 private:
  SiteContent tables_;
  std::map<std::string, Found> found_;
};

Found scan(const Layout& layout, const fs::path& folder, std::vector<std::string> skipped) {
  StringSink lines;
  const FolderScan scan(Dir::open(folder), skipped, lines, TableKey(layout));
  Found found{.folder = folder,
              .skipped = std::move(skipped),
              .table = Digest::of(lines.bytes()),
              .files = scan.files(),
              .bytes = scan.bytes()};
  write_file(table_file(layout, found.table), lines.bytes());
  return found;
}

}  // namespace

void adopt(const Tools& tools) {
  const Installation& installation = tools.installation;
  const Drivers drivers(installation.layout, tools.workers);
  FolderContent content(tools);
  Revision outcome{.number = 0,
                   .release = installation.site.release,
                   .version = std::string(kVersion),
                   .digest = {},
                   .environment = installation.site.environment,
                   .bundle = {},
                   .placements = {},
                   .parent = {},
                   .restores = {}};
  Draft draft;
  draft.plan = {.purpose = Purpose::adopt,
                .number = 0,
                .actor = acting_user(),
                .reason = "what stood here before",
                .created = tools.clock.now(),
                .steps = {},
                .outcome = nullptr};
  for (const auto& [name, target] : installation.site.targets) {
    Driver& driver = drivers.named(target.driver);
    Wish wish;
    wish.component = name;
    wish.target = name;
    wish.site = installation.id;
    wish.path = target.path;
    wish.owner = target.owner;
    wish.label = kVersion;
    const std::optional<Adoptable> there = driver.take_over(wish);
    if (!there) continue;
    const Found found = scan(installation.layout, there->folder, there->skipped);
    wish.table = found.table;
    wish.files = found.files;
    Placement placement{.component = name,
                        .target = name,
                        .driver = target.driver,
                        .path = target.path,
                        .directory = there->directory,
                        .table = found.table,
                        .files = found.files,
                        .bytes = found.bytes};
    if (placement.directory.empty()) {
      for (Step& step : driver.plan(wish)) {
        if (step.data.contains("directory")) placement.directory = step.data["directory"];
        draft.plan.steps.push_back(std::move(step));
      }
      draft.needs.push_back({.path = target.path, .bytes = found.bytes, .inodes = found.files});
    }
    content.add(name, found);
    outcome.placements.push_back(std::move(placement));
  }
  if (outcome.placements.empty()) {
    throw Error(Errc::incompatible, "found nothing to adopt: every target is empty",
                "make the site without --adopt");
  }
  std::stable_sort(draft.plan.steps.begin(), draft.plan.steps.end(),
                   [](const Step& a, const Step& b) { return a.phase < b.phase; });
  draft.plan.outcome = to_json(outcome);
  carry_out(tools, draft, content, {}, {});
}

}  // namespace sealift::installer
