// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/files/directory.hpp"

#include "base/count.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "content/media_types.hpp"
#include "installer/driver/differences.hpp"
#include "installer/drivers/files/directory_place.hpp"
#include "installer/drivers/files/directory_steps.hpp"
#include "installer/drivers/files/directory_unpack.hpp"
#include "installer/drivers/files/files_wish.hpp"
#include "installer/drivers/files/kept_assets.hpp"
#include "installer/drivers/files/owner.hpp"
#include "installer/drivers/files/shared_data.hpp"
#include "installer/drivers/files/tree_check.hpp"
#include "installer/drivers/files/tree_remover.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kMaxDifferences = 1000;
// The same release may have been unpacked here before and not be pruned yet: the transaction's
// number makes the name free, since none is used twice.
std::string free_name(const Wish& wish) {
  std::string plain = format("{}/{}", kReleases, wish.label);
  if (!entry_exists(fs::path(wish.path) / plain)) return plain;
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
    return artifact_type == media_type::kAssets || artifact_type == media_type::kConfig ||
           artifact_type == media_type::kFlags || artifact_type == media_type::kObservability;
  }

  std::vector<Step> plan(const Wish& wish) const override {
    const Observation seen = observe(wish);
    const bool is_repair = wish.purpose == Purpose::repair;
    const std::string before = is_repair ? seen.current : wish.before ? wish.before->directory : "";
    if (seen.current != before) {
      throw Error(
          Errc::incompatible,
          format("target {}: {}/current points to \"{}\", the history says \"{}\"", wish.target,
                 wish.path, printable(seen.current), before),
          "somebody switched it by hand; put it back with: sealift-installer apply --repair");
    }
    std::vector<Step> steps;
    std::string directory;
    if (wish.table) {
      directory = wish.ready.empty() ? free_name(wish) : wish.ready;
      if (wish.ready.empty()) steps.push_back(unpack_step(wish, seen, directory));
    }
    if (const std::optional<Share> share = share_for(wish)) {
      const bool has_work = !share->missing.empty() || !share->moves.empty();
      if (directory != before || has_work) steps.push_back(share_step(wish, *share));
    }
    if (std::optional<Step> keep = keep_step(wish, directory)) steps.push_back(std::move(*keep));
    if (directory != before) steps.push_back(switch_step(wish, before, directory));
    return steps;
  }

  // Two shapes are known: PATH/current as other deployment tools have it, which is taken over in
  // place, and loose files, which are copied into a release. A link that leads out of the path is
  // refused.
  std::optional<Adoptable> adoptable(const std::string& path) const override {
    if (!dir_exists(path) || is_empty_dir(path)) return std::nullopt;
    Adoptable found{
        .folder = path, .skipped = {std::string(kMarker), std::string(kReleases)}, .directory = {}};
    if (!Dir::open(path).stat(kCurrent)) return found;
    found.directory = current_in(path);
    if (found.directory.starts_with('/')) {
      throw Error(Errc::incompatible,
                  format("{}/current: found an absolute symbolic link to {}, expected one that "
                         "stays in {}",
                         path, printable(found.directory), path),
                  "make it a link to a directory in there, or move it away");
    }
    found.folder = fs::path(path) / found.directory;
    found.skipped.clear();
    if (found.directory.empty() || !dir_exists(found.folder)) {
      throw Error(Errc::incompatible, format("{}/current is no symbolic link to a directory", path),
                  "move it away, or make it a relative link to what is served");
    }
    blame(Errc::incompatible, format("{}/current", path),
          [&] { return RelPath::parse(found.directory); });
    return found;
  }

  // The directory was there before us: its mode stays the operator's.
  void take_over(const Wish& wish) override {
    write_file(fs::path(wish.path) / kMarker, marker_text(wish.site, wish.target, Maker::others));
  }

  std::optional<Step> data_step(const Wish& wish) const override {
    const std::optional<Share> share = share_for(wish);
    return share ? std::optional(share_step(wish, *share)) : std::nullopt;
  }

  void give_up(const Wish& wish) override {
    if (!has_marker_of(wish.path, wish.site, wish.target)) return;
    sealift::remove_file(fs::path(wish.path) / kMarker);
    sync_dir(wish.path);
  }

  // An unpacked release is compared by its content, file by file, since this is asked after a
  // crash.
  StepState check(const Step& step, StepIo& io) const override {
    if (step.action == kKeep) return check_kept(keep_from_json(step), io.content);
    if (step.action == kShare) {
      return is_shared(share_from_json(step)) ? StepState::applied : StepState::partial;
    }
    if (step.action == kSwitch) {
      const Switch change = switch_from_json(step);
      const std::string now = current_in(change.path);
      if (now == change.to) return StepState::applied;
      return now == change.from ? StepState::not_applied : StepState::partial;
    }
    const Unpack unpack = unpack_from_json(step);
    const fs::path releases = fs::path(unpack.path) / kReleases;
    if (path_exists(releases / unpack.name())) {
      const std::unique_ptr<Source> table = io.content.table(unpack.table);
      return check_tree(Dir::open(releases / unpack.name()), *table,
                        {.receipts = receipts_of(unpack.target),
                         .thoroughness = Thoroughness::by_content,
                         .strangers = Strangers::reported,
                         .owner = Ownership::parse(unpack.owner),
                         .limit = 1,
                         .key = &key_,
                         .links = unpack.links})
                     .empty()
                 ? StepState::applied
                 : StepState::partial;
    }
    return path_exists(releases / unpack.staging) ? StepState::partial : StepState::not_applied;
  }

  Json apply(const Step& step, StepIo& io) override {
    if (step.action == kSwitch) {
      const Switch change = switch_from_json(step);
      turn(change, change.from, change.to);
      return Json::object();
    }
    if (step.action == kShare) {
      apply_share(share_from_json(step));
      return Json::object();
    }
    if (step.action == kKeep) {
      const Keep keep = keep_from_json(step);
      const Dir root = Dir::open(keep.path);
      Receipts receipts = receipts_of(keep.target);
      KeptAssets(root, parse_owner(keep.owner), receipts).fill(keep.after, io.content, &io.stop);
      return Json::object();
    }
    const Unpack unpack = unpack_from_json(step);
    const auto written =
        unpack_release(unpack, step.component, receipts_of(unpack.target), key_, io);
    return written ? Json::object({{"written", *written}}) : Json::object();
  }

  // The results of apply() are not needed: each step says both sides.
  void undo(const Step& step, const std::optional<Json>&, StepIo& io) override {
    if (step.action == kSwitch) {
      const Switch change = switch_from_json(step);
      turn(change, change.to, change.from);
    } else if (step.action == kShare) {
      undo_share(share_from_json(step));
    } else if (step.action == kKeep) {
      take_back(keep_from_json(step), io.content);
    } else {
      remove_unpacked(unpack_from_json(step));
    }
  }

  // The folders around the release, shared data and PATH/kept are looked at only where strangers
  // are asked for.
  std::vector<Difference> inspect(const Placement& placement, Thoroughness thoroughness,
                                  Strangers strangers, Content& content) const override {
    const fs::path place = fs::path(placement.path) / placement.directory;
    if (!dir_exists(place)) return {{place.string(), "missing"}};
    std::vector<Difference> differences;
    if (looks_at_files(placement, thoroughness)) {
      differences = inspect_files(placement, thoroughness, strangers, content);
    }
    if (strangers == Strangers::ignored) return differences;
    check_own_directories(placement, differences);
    for (Difference& each : shared_differences(placement)) differences.push_back(std::move(each));
    return differences;
  }

  bool is_current(const Placement& placement) const override {
    return current_in(placement.path) == placement.directory;
  }

  std::vector<std::string> leftovers(const release::Target& target, const std::string&,
                                     const std::vector<Placement>& known) const override {
    std::vector<std::string> left;
    if (!dir_exists(fs::path(target.path) / kReleases)) return left;
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

  // Files that only a release which is being pruned had in PATH/kept. Without a current placement
  // nothing is kept any more.
  void trim(const Placement& kept, const Placement* current, Content& content) override {
    if (!dir_exists(fs::path(kept.path) / kKept)) return;
    const Dir root = Dir::open(kept.path);
    const std::optional<KeptSet> set = current == nullptr ? std::nullopt : kept_of(*current);
    Receipts receipts = receipts_of(kept.target);
    KeptAssets(root, {}, receipts).trim(set ? &*set : nullptr, content);
  }

  // Other releases may share its files by hard links, whose ctime an unlink changes: their receipts
  // follow.
  void prune(const Placement& placement) override {
    if (!dir_exists(fs::path(placement.path) / placement.directory)) return;
    const Dir root = Dir::open(placement.path);
    if (is_current(placement)) {
      throw Error(Errc::internal, format("{}/{} is current and cannot be pruned", placement.path,
                                         placement.directory));
    }
    const std::size_t slash = placement.directory.rfind('/');
    const Dir releases = root.descend(placement.directory.substr(0, slash));
    Receipts receipts = receipts_of(placement.target);
    const std::string name = placement.directory.substr(slash + 1);
    remove_tree(releases, name, receipts);
    releases.sync();
    receipts.save();
  }

 private:
  // What is kept belongs to what is served; of other releases only their own tree is asked for.
  std::vector<Difference> inspect_files(const Placement& placement, Thoroughness thoroughness,
                                        Strangers strangers, Content& content) const {
    const std::unique_ptr<Source> table = content.table(placement.table);
    Receipts receipts = receipts_of(placement.target);
    TreeQuestion question{.receipts = receipts,
                          .thoroughness = thoroughness,
                          .strangers = strangers,
                          .owner = Ownership::parse(placement.owner),
                          .limit = kMaxDifferences,
                          .key = &key_,
                          .links = links_of(placement.persist, placement.directory)};
    const Dir place = Dir::open(fs::path(placement.path) / placement.directory);
    std::vector<Difference> differences = check_tree(place, *table, question);
    const std::optional<KeptSet> kept = kept_of(placement);
    if (strangers == Strangers::ignored || !kept || !is_current(placement)) return differences;
    question.links.clear();
    const Dir root = Dir::open(placement.path);
    for (Difference& each : KeptAssets(root, {}, receipts).check(*kept, content, question)) {
      differences.push_back(std::move(each));
    }
    return differences;
  }

  // The tree's file table knows nothing of the directories above it, through which it is served.
  static void check_own_directories(const Placement& placement,
                                    std::vector<Difference>& differences) {
    const fs::path path = placement.path;
    const fs::path marker = path / kMarker;
    if (!path_exists(marker)) {
      differences.push_back({marker.string(), "missing"});
      return;
    }
    if (maker_of(path) == Maker::others) return;
    for (const fs::path& each : {path, path / kReleases}) {
      const std::optional<struct stat> status = status_of(each);
      if (!status) continue;  // said by the tree's check
      if (auto wrong = mode_difference(each.string(), *status, kDirectoryMode)) {
        differences.push_back(std::move(*wrong));
      }
    }
  }

  // One cache for all releases of a target, for they share files.
  Receipts receipts_of(const std::string& target) const {
    return Receipts::load(receipts_ / (target + ".receipts"));
  }

  static Step unpack_step(const Wish& wish, const Observation& seen, const std::string& directory) {
    const FilesWish& files = files_in(wish);
    Unpack unpack{.path = wish.path,
                  .directory = directory,
                  .staging = format(".staging-{}", wish.number),
                  .table = *wish.table,
                  .base = {},
                  .base_table = {},
                  .owner = files.owner,
                  .site = wish.site,
                  .target = wish.target,
                  .missing = seen.missing,
                  .fresh = !seen.managed,
                  .links = links_of(files.persist, directory)};
    if (wish.before && files.sharing == release::Sharing::automatic) {
      unpack.base = wish.before->directory;
      unpack.base_table = wish.before->table;
    }
    return step_of(wish, Phase::stage, std::string(kUnpack), to_json(unpack),
                   format("unpack {} beside the current release in {}/{}",
                          count_text(files.count, "file"), wish.path, directory));
  }

  // Data is where the links of the new release lead before that is served.
  static std::optional<Share> share_for(const Wish& wish) {
    const FilesWish& files = files_in(wish);
    if (files.persist.empty()) return std::nullopt;
    return share_of(wish.path, files.owner, files.persist, files.found_data);
  }

  static Step share_step(const Wish& wish, const Share& share) {
    return step_of(wish, Phase::activate, std::string(kShare), to_json(share), summary_of(share));
  }

  // Before the switch, so that pages of either release find their files on both sides of it.
  static std::optional<Step> keep_step(const Wish& wish, const std::string& directory) {
    if (!wish.table) return std::nullopt;
    const std::optional<KeptSet> after = kept_of(wish.settings, directory, *wish.table);
    const std::optional<KeptSet> before = wish.before ? kept_of(*wish.before) : std::nullopt;
    if (!after || (after == before && wish.purpose != Purpose::repair)) return std::nullopt;
    const FilesWish& files = files_in(wish);
    if (!files.has_kept && entry_exists(fs::path(wish.path) / kKept)) {
      throw Error(Errc::incompatible,
                  format("target {}: {}/{} is there already, and sealift did not put it there",
                         wish.target, wish.path, kKept),
                  "move it away, or release without keep_previous");
    }
    return step_of(wish, Phase::activate, std::string(kKeep),
                   to_json(Keep{.path = wish.path,
                                .target = wish.target,
                                .owner = files.owner,
                                .after = *after,
                                .before = before}),
                   format("keep unchanging files of {} reachable in {}/{}",
                          after->releases.size() == 1 ? "this release"
                                                      : format("this release and of {} before it",
                                                               after->releases.size() - 1),
                          wish.path, kKept));
  }

  StepState check_kept(const Keep& keep, Content& content) const {
    if (!dir_exists(fs::path(keep.path) / kKept)) return StepState::not_applied;
    const Dir root = Dir::open(keep.path);
    Receipts receipts = receipts_of(keep.target);
    return KeptAssets(root, {}, receipts)
                   .check(keep.after, content,
                          {.receipts = receipts,
                           .thoroughness = Thoroughness::by_receipt,
                           .strangers = Strangers::ignored,
                           .owner = {},
                           .limit = 1})
                   .empty()
               ? StepState::applied
               : StepState::partial;
  }

  void take_back(const Keep& keep, Content& content) const {
    if (!dir_exists(keep.path)) return;
    const Dir root = Dir::open(keep.path);
    Receipts receipts = receipts_of(keep.target);
    KeptAssets(root, parse_owner(keep.owner), receipts)
        .take_back(keep.after, keep.before ? &*keep.before : nullptr, content);
  }

  static Step switch_step(const Wish& wish, const std::string& from, const std::string& to) {
    return step_of(wish, Phase::activate, std::string(kSwitch),
                   to_json(Switch{.path = wish.path,
                                  .from = from,
                                  .to = to,
                                  .scratch = format(".current-{}", wish.number)}),
                   to.empty() ? format("remove {}/current", wish.path)
                              : format("switch {}/current to {}", wish.path, to));
  }

  // From one directory to the other, wherever an earlier attempt stopped.
  static void turn(const Switch& change, const std::string& from, const std::string& to) {
    if (to.empty() && !path_exists(change.path)) return;
    const Dir root = Dir::open(change.path);
    root.remove_tree(change.scratch);
    const std::string now = current_in(change.path);
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

  fs::path receipts_;
  TableKey key_;
};

}  // namespace

std::unique_ptr<Driver> directory_driver(const Layout& layout) {
  return std::make_unique<DirectoryDriver>(layout);
}

}  // namespace sealift::installer
