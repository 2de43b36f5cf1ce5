// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/directory.hpp"

#include <sys/xattr.h>
#include <unistd.h>

#include <array>

#include "base/format.hpp"
#include "base/path.hpp"
#include "content/media_types.hpp"
#include "installer/drivers/tree_check.hpp"
#include "installer/drivers/tree_writer.hpp"

namespace sealift::installer {

namespace {

constexpr std::string_view kReleases = "releases";
constexpr std::string_view kCurrent = "current";
constexpr std::string_view kMarker = ".sealift-target";
constexpr std::size_t kMaxDifferences = 1000;

// What an unpack step says: all that applying and undoing it needs.
struct Unpack {
  std::string path;
  std::string directory;  // "releases/NAME"
  std::string staging;    // the name it has until it is complete
  Digest table;
  std::string base;  // directory to share with; empty: none
  std::optional<Digest> base_table;
  std::string owner;  // "UID:GID"; empty: whoever runs this
  std::string site;
  std::string target;
  std::vector<std::string> missing;  // directories to create for the path, outermost first
  bool fresh = false;                // the path has no marker yet

  std::string name() const { return directory.substr(directory.rfind('/') + 1); }
};

Json to_json(const Unpack& unpack) {
  Json value = {{"path", unpack.path},       {"directory", unpack.directory},
                {"staging", unpack.staging}, {"table", unpack.table.str()},
                {"site", unpack.site},       {"target", unpack.target},
                {"missing", unpack.missing}, {"fresh", unpack.fresh}};
  if (unpack.base_table) {
    value["base"] = unpack.base;
    value["baseTable"] = unpack.base_table->str();
  }
  if (!unpack.owner.empty()) value["owner"] = unpack.owner;
  return value;
}

Unpack unpack_from_json(const Step& step) {
  Fields fields(step.data, step.id);
  Unpack unpack{.path = fields.text("path"),
                .directory = fields.text("directory"),
                .staging = fields.text("staging"),
                .table = Digest::parse(fields.text("table")),
                .base = fields.text_if("base").value_or(""),
                .base_table = {},
                .owner = fields.text_if("owner").value_or(""),
                .site = fields.text("site"),
                .target = fields.text("target"),
                .missing = fields.texts("missing"),
                .fresh = fields.flag("fresh")};
  if (const auto table = fields.text_if("baseTable")) unpack.base_table = Digest::parse(*table);
  fields.done();
  return unpack;
}

// What a switch step says. An empty directory means: no link.
struct Switch {
  std::string path;
  std::string from;
  std::string to;
  std::string scratch;  // the link's name until it is renamed
};

Json to_json(const Switch& change) {
  return {
      {"path", change.path}, {"from", change.from}, {"to", change.to}, {"scratch", change.scratch}};
}

Switch switch_from_json(const Step& step) {
  Fields fields(step.data, step.id);
  Switch change{.path = fields.text("path"),
                .from = fields.text("from"),
                .to = fields.text("to"),
                .scratch = fields.text("scratch")};
  fields.done();
  return change;
}

std::optional<Owner> parse_owner(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const std::size_t colon = text.find(':');
  return Owner{static_cast<unsigned>(std::stoul(text)),
               static_cast<unsigned>(std::stoul(text.substr(colon + 1)))};
}

std::string marker_text(const std::string& site, const std::string& target) {
  return to_canonical({{"site", site}, {"target", target}}) + "\n";
}

// A new directory inherits its label from its parent by policy; a target that an administrator
// labelled otherwise passes that label on.
void copy_selinux_label(const Dir& from, const Dir& to) {
  std::array<char, 256> label{};
  const ssize_t size = ::fgetxattr(from.fd(), "security.selinux", label.data(), label.size());
  if (size <= 0) return;
  if (::fsetxattr(to.fd(), "security.selinux", label.data(), static_cast<std::size_t>(size), 0) !=
      0) {
    throw_errno(to.path(), "set the SELinux label");
  }
}

// What stands at a path now.
struct Observation {
  std::vector<std::string> missing;  // directories of the path that do not exist, outermost first
  bool managed = false;
  std::string current;
};

Observation observe(const Wish& wish) {
  Observation seen;
  std::error_code ignored;
  for (fs::path path = wish.path; !fs::exists(path, ignored); path = path.parent_path()) {
    seen.missing.insert(seen.missing.begin(), path.string());
  }
  if (!seen.missing.empty()) return seen;
  const Dir root = Dir::open(wish.path);
  const std::vector<Entry> entries = root.entries();
  if (root.stat(kMarker)) {
    const fs::path marker = fs::path(wish.path) / kMarker;
    const std::string found = read_file(marker, 4096);
    if (found != marker_text(wish.site, wish.target)) {
      throw Error(Errc::incompatible,
                  format("target {}: {} is managed by another site or target: {}", wish.target,
                         wish.path, printable(found)),
                  "give each target of each site a path of its own");
    }
    seen.managed = true;
    seen.current = root.read_link(kCurrent).value_or("");
    return seen;
  }
  if (!entries.empty()) {
    throw Error(Errc::incompatible,
                format("target {}: {} holds {} that sealift did not put there", wish.target,
                       wish.path, printable(entries.front().name)),
                "use an empty path, or make the site with: sealift-installer init --adopt");
  }
  return seen;
}

std::string free_name(const Wish& wish) {
  std::string plain = format("{}/{}", kReleases, wish.label);
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(fs::path(wish.path) / plain, ignored))) return plain;
  return format("{}-r{}", plain, wish.number);
}

Step step_of(const Wish& wish, Phase phase, std::string action, Json data, std::string summary) {
  return Step{.id = format("{}:{}", action, wish.component),
              .phase = phase,
              .component = wish.component,
              .target = wish.target,
              .driver = "directory",
              .action = action,
              .data = std::move(data),
              .summary = std::move(summary),
              .undo = Undo::automatic};
}

class DirectoryDriver : public Driver {
 public:
  explicit DirectoryDriver(const Layout& layout) : receipts_(layout.receipts()), key_(layout) {}

  bool accepts(std::string_view artifact_type) const override {
    return artifact_type == media_type::kAssets || artifact_type == media_type::kConfig;
  }

  std::vector<Step> plan(const Wish& wish) const override {
    const Observation seen = observe(wish);
    const std::string before = wish.before ? wish.before->directory : "";
    if (seen.current != before) {
      throw Error(
          Errc::incompatible,
          format("target {}: {}/current points to \"{}\", the history says \"{}\"", wish.target,
                 wish.path, printable(seen.current), before),
          format("somebody switched it by hand; put it back with: ln -sfn '{}' '{}/current'",
                 before, wish.path));
    }
    std::vector<Step> steps;
    std::string directory;
    if (wish.table) {
      directory = wish.ready.empty() ? free_name(wish) : wish.ready;
      if (wish.ready.empty()) steps.push_back(unpack_step(wish, seen, directory));
    }
    if (directory != before) steps.push_back(switch_step(wish, before, directory));
    return steps;
  }

  std::optional<Adoptable> take_over(const Wish& wish) override {
    std::error_code ignored;
    if (!fs::is_directory(wish.path, ignored) || fs::is_empty(wish.path, ignored)) {
      return std::nullopt;
    }
    const fs::path path = wish.path;
    const Dir root = Dir::open(path);
    Adoptable found{
        .folder = path, .skipped = {std::string(kMarker), std::string(kReleases)}, .directory = {}};
    if (root.stat(kCurrent)) {
      found.directory = root.read_link(kCurrent).value_or("");
      found.folder = path / found.directory;
      found.skipped.clear();
      if (found.directory.empty() || !fs::is_directory(found.folder, ignored)) {
        throw Error(Errc::incompatible,
                    format("{}/current is no symbolic link to a directory", wish.path),
                    "move it away, or make it a relative link to what is served");
      }
      while_doing(format("{}/current", wish.path), [&] { RelPath::parse(found.directory); });
    }
    write_file(path / kMarker, marker_text(wish.site, wish.target));
    return found;
  }

  StepState check(const Step& step, StepIo& io) const override {
    if (step.action == "switch") {
      const Switch change = switch_from_json(step);
      const std::string now = Dir::open(change.path).read_link(kCurrent).value_or("");
      if (now == change.to) return StepState::applied;
      return now == change.from ? StepState::not_applied : StepState::partial;
    }
    const Unpack unpack = unpack_from_json(step);
    std::error_code ignored;
    const fs::path releases = fs::path(unpack.path) / kReleases;
    if (fs::exists(releases / unpack.name(), ignored)) {
      const std::unique_ptr<Source> table = io.content.table(unpack.table);
      return check_tree(Dir::open(releases / unpack.name()), *table, receipts_of(unpack.target),
                        key_, Thoroughness::by_content, Strangers::reported, 1)
                     .empty()
                 ? StepState::applied
                 : StepState::partial;
    }
    return fs::exists(releases / unpack.staging, ignored) ? StepState::partial
                                                          : StepState::not_applied;
  }

  Json apply(const Step& step, StepIo& io) override {
    if (step.action == "switch") {
      const Switch change = switch_from_json(step);
      turn(change, change.from, change.to);
      return Json::object();
    }
    return unpack(unpack_from_json(step), step.component, io);
  }

  void undo(const Step& step, const std::optional<Json>&, StepIo&) override {
    if (step.action == "switch") {
      const Switch change = switch_from_json(step);
      turn(change, change.to, change.from);
    } else {
      remove_unpacked(unpack_from_json(step));
    }
  }

  std::vector<Difference> inspect(const Placement& placement, Thoroughness thoroughness,
                                  Strangers strangers, Content& content) const override {
    const fs::path place = fs::path(placement.path) / placement.directory;
    std::error_code ignored;
    if (!fs::is_directory(place, ignored)) return {{place.string(), "missing"}};
    const std::unique_ptr<Source> table = content.table(placement.table);
    return check_tree(Dir::open(place), *table, receipts_of(placement.target), key_, thoroughness,
                      strangers, kMaxDifferences);
  }

  bool is_current(const Placement& placement) const override {
    std::error_code ignored;
    return fs::is_directory(placement.path, ignored) &&
           Dir::open(placement.path).read_link(kCurrent) == placement.directory;
  }

  std::vector<std::string> leftovers(const release::Target& target, const std::string&,
                                     const std::vector<Placement>& known) const override {
    std::vector<std::string> left;
    std::error_code ignored;
    if (!fs::is_directory(fs::path(target.path) / kReleases, ignored)) return left;
    for (const Entry& entry : Dir::open(target.path).descend(kReleases).entries()) {
      const std::string directory = format("{}/{}", kReleases, entry.name);
      const bool is_known =
          std::any_of(known.begin(), known.end(), [&](const Placement& placement) {
            return placement.path == target.path && placement.directory == directory;
          });
      if (!is_known) left.push_back(format("{}/{}", target.path, printable(directory)));
    }
    return left;
  }

  void prune(const Placement& placement) override {
    std::error_code ignored;
    if (!fs::is_directory(fs::path(placement.path) / placement.directory, ignored)) return;
    const Dir root = Dir::open(placement.path);
    if (is_current(placement)) {
      throw Error(Errc::internal, format("{}/{} is current and cannot be pruned", placement.path,
                                         placement.directory));
    }
    const std::size_t slash = placement.directory.rfind('/');
    const Dir releases = root.descend(placement.directory.substr(0, slash));
    Receipts receipts = receipts_of(placement.target);
    const std::string name = placement.directory.substr(slash + 1);
    unlink_files(releases.descend(name), receipts);
    releases.remove_tree(name);
    releases.sync();
    receipts.save();
  }

 private:
  Receipts receipts_of(const std::string& target) const {
    return Receipts::load(receipts_ / (target + ".receipts"));
  }

  static Step unpack_step(const Wish& wish, const Observation& seen, const std::string& directory) {
    Unpack unpack{.path = wish.path,
                  .directory = directory,
                  .staging = format(".staging-{}", wish.number),
                  .table = *wish.table,
                  .base = {},
                  .base_table = {},
                  .owner = wish.owner,
                  .site = wish.site,
                  .target = wish.target,
                  .missing = seen.missing,
                  .fresh = !seen.managed};
    if (wish.before && wish.sharing == release::Sharing::automatic) {
      unpack.base = wish.before->directory;
      unpack.base_table = wish.before->table;
    }
    return step_of(wish, Phase::stage, "unpack", to_json(unpack),
                   format("unpack {} files beside the current release in {}/{}", wish.files,
                          wish.path, directory));
  }

  static Step switch_step(const Wish& wish, const std::string& from, const std::string& to) {
    return step_of(wish, Phase::activate, "switch",
                   to_json(Switch{.path = wish.path,
                                  .from = from,
                                  .to = to,
                                  .scratch = format(".current-{}", wish.number)}),
                   to.empty() ? format("remove {}/current", wish.path)
                              : format("switch {}/current to {}", wish.path, to));
  }

  // From one directory to the other, wherever an earlier attempt stopped.
  static void turn(const Switch& change, const std::string& from, const std::string& to) {
    std::error_code ignored;
    if (to.empty() && !fs::exists(change.path, ignored)) return;
    const Dir root = Dir::open(change.path);
    root.remove_tree(change.scratch);
    const std::string now = root.read_link(kCurrent).value_or("");
    if (now != to) {
      if (now != from) {
        throw Error(Errc::target_failed,
                    format("{}/current points to \"{}\", expected \"{}\"", change.path,
                           printable(now), from),
                    "somebody else switched it; put it back and run the command again");
      }
      if (to.empty()) {
        root.remove(kCurrent);
      } else {
        root.make_symlink(to, change.scratch);
        root.rename(change.scratch, kCurrent);
      }
    }
    root.sync();
  }

  static void prepare(const Unpack& unpack) {
    make_dirs(unpack.path);
    const Dir root = Dir::open(unpack.path);
    if (const auto owner = parse_owner(unpack.owner); owner && !unpack.missing.empty()) {
      if (::fchown(root.fd(), owner->uid, owner->gid) != 0) {
        throw_errno(unpack.path, "set the owner");
      }
    }
    if (!root.stat(kMarker)) {
      write_file(fs::path(unpack.path) / kMarker, marker_text(unpack.site, unpack.target));
    }
    if (!root.stat(kReleases)) {
      root.make_dir(kReleases, 0755);
      root.sync();
    }
  }

  Json unpack(const Unpack& unpack, const std::string& component, StepIo& io) const {
    prepare(unpack);
    const Dir root = Dir::open(unpack.path);
    const Dir releases = root.descend(kReleases);
    if (releases.stat(unpack.name())) return Json::object();  // the rename was the last act
    releases.remove_tree(unpack.staging);
    releases.make_dir(unpack.staging, 0755);
    const Dir staging = releases.descend(unpack.staging);
    copy_selinux_label(root, staging);
    Receipts receipts = receipts_of(unpack.target);
    const std::optional<Owner> owner = parse_owner(unpack.owner);
    if (owner && ::fchown(staging.fd(), owner->uid, owner->gid) != 0) {
      throw_errno(staging.path(), "set the owner");
    }
    TreeWriter writer(staging, owner, receipts, key_);
    std::error_code ignored;
    if (unpack.base_table && fs::is_directory(fs::path(unpack.path) / unpack.base, ignored)) {
      writer.share_with({root.descend(unpack.base), io.content.table(*unpack.base_table)});
    }
    const std::unique_ptr<TreeStream> tree = io.content.tree(component);
    while (const std::optional<release::FileEntry> entry = tree->next()) {
      io.stop.throw_if_set();
      writer.put(*entry, *tree);
      io.progress.advance(entry->size);
    }
    staging.sync_filesystem();
    releases.rename(unpack.staging, unpack.name());
    releases.sync();
    receipts.save();
    return Json::object({{"written", writer.written()}});
  }

  static void remove_unpacked(const Unpack& unpack) {
    std::error_code ignored;
    if (fs::is_directory(fs::path(unpack.path) / kReleases, ignored)) {
      const Dir root = Dir::open(unpack.path);
      const Dir releases = root.descend(kReleases);
      releases.remove_tree(unpack.staging);
      releases.remove_tree(unpack.name());
      releases.sync();
    }
    if (unpack.fresh) remove_preparation(unpack);
  }

  // Leaves a path as it was found: what was created is removed if it is still empty.
  static void remove_preparation(const Unpack& unpack) {
    std::error_code ignored;
    if (!fs::is_directory(unpack.path, ignored)) return;
    const fs::path path = unpack.path;
    fs::remove(path / kReleases, ignored);
    if (!fs::exists(path / kReleases, ignored)) fs::remove(path / kMarker, ignored);
    sync_dir(path);
    for (auto made = unpack.missing.rbegin(); made != unpack.missing.rend(); ++made) {
      if (!fs::remove(*made, ignored)) break;
      sync_dir(fs::path(*made).parent_path());
    }
  }

  // An unlink changes the ctime of the other names of a file; their receipts follow where nothing
  // else had touched the file.
  static void unlink_files(const Dir& folder, Receipts& receipts) {
    for (const Entry& entry : folder.entries()) {
      if (entry.type == EntryType::directory) {
        unlink_files(folder.descend(entry.name), receipts);
        continue;
      }
      const std::optional<struct stat> before = folder.stat(entry.name);
      if (entry.type != EntryType::file || !before || before->st_nlink < 2 ||
          !receipts.is_untouched(*before)) {
        folder.remove(entry.name);
        continue;
      }
      const Fd fd = folder.open_file(entry.name);
      folder.remove(entry.name);
      struct stat after {};
      if (::fstat(fd.get(), &after) != 0) throw_errno(folder.path(), "stat");
      receipts.refresh(after);
    }
  }

  fs::path receipts_;
  TableKey key_;
};

}  // namespace

std::unique_ptr<Driver> directory_driver(const Layout& layout) {
  return std::make_unique<DirectoryDriver>(layout);
}

}  // namespace sealift::installer
