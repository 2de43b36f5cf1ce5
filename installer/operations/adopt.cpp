// SPDX-License-Identifier: Apache-2.0
#include "installer/operations/adopt.hpp"

#include <algorithm>
#include <functional>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "installer/content/site_content.hpp"
#include "installer/drivers/files/directory_steps.hpp"
#include "installer/drivers/files/files_wish.hpp"
#include "installer/drivers/files/shared_data.hpp"
#include "installer/drivers/files/tree_check.hpp"
#include "installer/drivers/registry.hpp"
#include "installer/operations/carry_out.hpp"
#include "release/documents/workload.hpp"

namespace sealift::installer {

namespace {

using release::FileEntry;

// Lower than the version of any real release (Semantic Versioning 2.0, section 11).
constexpr std::string_view kVersion = "0.0.0-adopted";

// What is adopted at one path.
struct Found {
  fs::path folder;
  std::vector<std::string> skipped;  // paths in it that are not content
  Digest table;
  std::uint64_t files;
  std::uint64_t bytes;
};

// What a scan does with each entry that may be adopted; may fill in what it learns of it.
using Visit = std::function<void(const Dir& folder, const Entry& entry, FileEntry& row)>;

constexpr std::size_t kMaxProblems = 100;  // after which a scan looks for no more

// Walks a folder in the order of a file table. Collects what cannot be adopted.
class FolderScan {
 public:
  FolderScan(const std::vector<std::string>& skipped, const Visit& visit, Problems& problems)
      : skipped_(skipped), visit_(visit), problems_(problems) {}

  void walk(const Dir& folder, const std::string& prefix) {
    std::vector<std::pair<std::string, Entry>> entries;
    for (const Entry& entry : folder.entries()) {
      if (std::find(skipped_.begin(), skipped_.end(), prefix + entry.name) != skipped_.end()) {
        continue;
      }
      entries.emplace_back(entry.name + (entry.type == EntryType::directory ? "/" : ""), entry);
    }
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [unused, entry] : entries) {
      if (problems_.all().size() >= kMaxProblems) return;
      try {
        add(folder, entry, prefix + entry.name);
      } catch (const Error& error) {
        if (error.code() != Errc::incompatible) throw;
        problems_.add(error);
      }
    }
  }

 private:
  void add(const Dir& folder, const Entry& entry, const std::string& path) {
    if (entry.type == EntryType::other) {
      throw Error(Errc::incompatible,
                  format("{}/{}: found a device, socket or pipe, which cannot be adopted",
                         folder.path(), printable(entry.name)),
                  "move it away first");
    }
    const std::optional<struct stat> status = folder.stat(entry.name);
    FileEntry row{.path = named(folder, [&] { return RelPath::parse(path); }),
                  .type = entry.type,
                  .mode = status->st_mode & 0777U,
                  .digest = {},
                  .target = {}};
    if (entry.type == EntryType::symlink) row.target = folder.read_link(entry.name).value_or("");
    if (entry.type == EntryType::file) row.size = static_cast<std::uint64_t>(status->st_size);
    named(folder, [&] { rules_.check(row); });
    if (visit_) visit_(folder, entry, row);
    if (entry.type == EntryType::directory) walk(folder.descend(entry.name), path + "/");
  }

  template <typename Work>
  static auto named(const Dir& folder, Work&& work) -> decltype(work()) {
    try {
      return work();
    } catch (const Error& error) {
      throw Error(Errc::incompatible, error.within(folder.path()).message(),
                  "change it, or move it away, and run the command again");
    }
  }

  const std::vector<std::string>& skipped_;
  const Visit& visit_;
  Problems& problems_;
  release::TreeRules rules_;
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

// What is on the site in place of a bundle: steps of adoption read it as they read a release.
class FolderContent : public Content {
 public:
  explicit FolderContent(const Tools& tools)
      : tables_(tools.installation.layout, fs::path(), std::nullopt, {}, tools.workers) {}

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

// What is at one path as a file table, every file hashed. Nothing on the disk is changed but the
// table, which is kept under its digest.
Found scan(const Layout& layout, const Adoptable& there) {
  Found found{.folder = there.folder,
              .skipped = there.skipped,
              .table = Digest::of(""),
              .files = 0,
              .bytes = 0};
  StringSink lines;
  const TableKey key(layout);
  Problems problems;
  const Visit list = [&](const Dir& folder, const Entry& entry, FileEntry& row) {
    if (row.type == EntryType::file) {
      row.digest = key.digest(row, digest_of(folder.open_file(entry.name).get(), row.path.str()));
      ++found.files;
      found.bytes += row.size;
    }
    lines.write(to_line(row) + "\n");
  };
  FolderScan(there.skipped, list, problems).walk(Dir::open(there.folder), "");
  problems.throw_if_any(Errc::incompatible);
  found.table = Digest::of(lines.bytes());
  write_file(table_file(layout, found.table), lines.bytes());
  return found;
}

Wish wish_for(const std::string& name, const release::Target& target, const std::string& site,
              std::uint64_t number) {
  Wish wish;
  wish.component = name;
  wish.target = name;
  wish.site = site;
  wish.path = target.path;
  wish.number = number;
  wish.label = kVersion;
  wish.purpose = Purpose::adopt;
  return wish;
}

// Marks of paths that are served already: they are ours once the transaction is committed.
class Marks {
 public:
  void put(Driver& driver, const Wish& wish) {
    marked_.emplace_back(&driver, wish);
    driver.take_over(wish);
  }
  // After a failure; what cannot be removed is harmless, for the next adoption writes it again.
  void remove() const {
    for (const auto& [driver, wish] : marked_) {
      try {
        driver->give_up(wish);
      } catch (...) {
        log::warning(current_error().message());
      }
    }
  }

 private:
  std::vector<std::pair<Driver*, Wish>> marked_;
};

// Where the data of one target is, or Error{incompatible} for a folder that cannot be taken over.
struct DataThere {
  std::map<std::string, std::string> persist = {};  // as placements have it
  std::map<std::string, std::string> found =
      {};  // folder -> its place, which is not the shared one
};

// A folder at its place, a link from there to the shared one as other tools make it, or the shared
// one alone, which needs a link that only a copied release gets.
void look_for_data(const std::string& folder, const release::Target& target, const Adoptable& there,
                   DataThere& data) {
  const std::string place =
      there.directory.empty() ? folder : format("{}/{}", there.directory, folder);
  const fs::path from = fs::path(target.path) / place;
  const fs::path shared = shared_place(target.path, folder);
  data.persist[folder] = target.owner;
  const std::optional<struct stat> status = link_status_of(from);
  if (status && S_ISDIR(status->st_mode)) {
    data.found[folder] = place;
    return;
  }
  if (!status && there.directory.empty() && dir_exists(shared)) return;
  if (status && S_ISLNK(status->st_mode) && dir_exists(shared) &&
      followed_path(from) == real_path(shared)) {
    return;
  }
  throw Error(
      Errc::incompatible,
      format("{}: found {}, expected a folder of data, or a symbolic link to {}", from.string(),
             status ? std::string(kind_of(*status)) : "nothing", shared.string()),
      format("correct --persist, or move the data to {} and link it from there", shared.string()));
}

DataThere data_there(const std::string& name, const release::Target& target, const Adoptable& there,
                     const AdoptedData& wanted) {
  DataThere data;
  const auto folders = wanted.find(name);
  if (folders == wanted.end()) return data;
  Problems problems;
  for (const std::string& folder : folders->second) {
    try {
      look_for_data(folder, target, there, data);
    } catch (const Error& error) {
      problems.add(error);
    }
  }
  problems.throw_if_any(Errc::incompatible);
  return data;
}

// What is adopted of a target: a workload has only data, and its place is what the release before
// had it in.
std::optional<Adoptable> adoptable_at(const Driver& driver, const std::string& name,
                                      const release::Target& target, const AdoptedData& data) {
  const auto folders = data.find(name);
  if (release::is_runtime(target.driver)) {
    if (folders == data.end()) return std::nullopt;
    return Adoptable{.folder = target.path, .skipped = {}, .directory = {}};
  }
  std::optional<Adoptable> there = driver.adoptable(target.path);
  if (!there || folders == data.end()) return there;
  if (there->directory.empty()) there->skipped.emplace_back(kShared);
  for (const std::string& folder : folders->second) there->skipped.push_back(folder);
  return there;
}

[[noreturn]] void refuse_nothing() {
  throw Error(Errc::incompatible, "found nothing to adopt: every target is empty",
              "make the site without --adopt; what a database has had is recorded by: "
              "sealift-installer migrations baseline");
}

// An adoption that is being planned.
struct Adoption {
  explicit Adoption(const Tools& tools) : content(tools) {}

  Draft draft;
  Revision outcome;
  FolderContent content;
  std::vector<std::pair<Driver*, Wish>> served = {};  // paths that are in use already
};

Adoption begin_adoption(const Tools& tools, std::uint64_t number) {
  const Installation& installation = tools.installation;
  Adoption adoption(tools);
  adoption.outcome = {.number = number,
                      .release = installation.site.release,
                      .version = std::string(kVersion),
                      .digest = {},
                      .environment = installation.site.environment,
                      .bundle = {},
                      .placements = {},
                      .parent = {},
                      .restores = {}};
  adoption.draft.plan = {.purpose = Purpose::adopt,
                         .number = number,
                         .actor = acting_user(),
                         .reason = "the files that were here before",
                         .created = tools.clock.now(),
                         .steps = {},
                         .outcome = {}};
  return adoption;
}

// The files of one target: those that are served already stay where they are, loose ones are copied
// below the path.
void plan_files(const Tools& tools, Driver& driver, Wish wish, const Adoptable& there,
                FilesWish files, Adoption& adoption) {
  const Found found = scan(tools.installation.layout, there);
  Placement placement{.component = wish.component,
                      .target = wish.target,
                      .driver = tools.installation.site.targets.at(wish.target).driver,
                      .path = wish.path,
                      .directory = there.directory,
                      .table = found.table,
                      .files = found.files,
                      .bytes = found.bytes,
                      .persist = files.persist};
  wish.table = found.table;
  files.count = found.files;
  wish.files = std::make_shared<const FilesWish>(std::move(files));
  std::vector<Step>& steps = adoption.draft.plan.steps;
  if (placement.directory.empty()) {
    std::vector<Step> planned = driver.plan(wish);
    placement.directory = unpacked_directory(planned).value_or("");
    std::move(planned.begin(), planned.end(), std::back_inserter(steps));
    adoption.draft.needs.push_back(
        {.path = wish.path, .bytes = found.bytes, .inodes = found.files});
  } else {
    if (auto step = driver.data_step(wish)) steps.push_back(std::move(*step));
    adoption.served.emplace_back(&driver, wish);
  }
  adoption.content.add(wish.component, found);
  adoption.outcome.placements.push_back(std::move(placement));
}

void plan_target(const Tools& tools, const std::string& name, const AdoptedData& data,
                 Adoption& adoption) {
  const release::Target& target = tools.installation.site.targets.at(name);
  Driver& driver = tools.drivers.named(target.driver);
  const std::optional<Adoptable> there = adoptable_at(driver, name, target, data);
  if (!there) return;
  Wish wish = wish_for(name, target, tools.installation.id, adoption.outcome.number);
  DataThere own = data_there(name, target, *there, data);
  FilesWish files{
      .owner = target.owner, .persist = own.persist, .found_data = std::move(own.found)};
  if (!release::is_runtime(target.driver)) {
    plan_files(tools, driver, std::move(wish), *there, std::move(files), adoption);
    return;
  }
  wish.files = std::make_shared<const FilesWish>(std::move(files));
  adoption.draft.plan.steps.push_back(*driver.data_step(wish));
  adoption.served.emplace_back(&driver, std::move(wish));
}

// The marks go first: a path that is served has to be ours before a step changes anything below it.
void carry_out_adoption(const Tools& tools, Adoption& adoption) {
  Marks marks;
  try {
    for (const auto& [driver, wish] : adoption.served) marks.put(*driver, wish);
    carry_out(tools, adoption.draft, adoption.content, {}, {});
  } catch (...) {
    const Error error = current_error();
    try {
      const State after = load_state(tools.installation.layout, tools.clock);
      if (after.current() == nullptr && !after.unfinished) marks.remove();
    } catch (...) {
      log::warning(current_error().message());  // the next adoption writes the marks again
    }
    throw error;
  }
}

}  // namespace

void check_adoptable(const Layout& layout, const release::Site& site, const AdoptedData& data,
                     Workers& workers) {
  const Drivers drivers = all_drivers(layout, workers);
  Problems problems;
  bool is_empty = true;
  for (const auto& [name, target] : site.targets) {
    try {
      const auto there = adoptable_at(drivers.named(target.driver), name, target, data);
      if (!there) continue;
      is_empty = false;
      const DataThere own = data_there(name, target, *there, data);
      share_of(target.path, target.owner, own.persist, own.found);
      if (release::is_runtime(target.driver)) continue;
      FolderScan(there->skipped, {}, problems).walk(Dir::open(there->folder), "");
    } catch (const Error& error) {
      if (error.code() != Errc::incompatible) throw;
      is_empty = false;
      problems.add(error);
    }
  }
  for (const auto& [name, unused] : data) {
    if (!site.targets.contains(name)) {
      problems.add(format("--persist: site.yaml has no target {}", printable(name)));
    }
  }
  problems.throw_if_any(Errc::incompatible);
  if (is_empty) refuse_nothing();
}

void adopt(const Tools& tools, const AdoptedData& data) {
  const Installation& installation = tools.installation;
  const State state = load_state(installation.layout, tools.clock);
  if (state.current() != nullptr) {
    throw Error(Errc::invalid_input, format("{}: a release is installed on this site already",
                                            installation.layout.state.string()));
  }
  Adoption adoption = begin_adoption(tools, state.history.empty() ? 0 : state.next_number);
  for (const auto& [name, unused] : installation.site.targets) {
    plan_target(tools, name, data, adoption);
  }
  Plan& plan = adoption.draft.plan;
  if (adoption.outcome.placements.empty() && plan.steps.empty()) refuse_nothing();
  std::stable_sort(plan.steps.begin(), plan.steps.end(),
                   [](const Step& a, const Step& b) { return a.phase < b.phase; });
  plan.outcome = adoption.outcome;
  carry_out_adoption(tools, adoption);
}

}  // namespace sealift::installer
