// SPDX-License-Identifier: Apache-2.0
#include "installer/planning/drafting.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>

#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/content/kept_history.hpp"
#include "installer/drivers/data/data.hpp"
#include "installer/drivers/databases/database_step.hpp"
#include "installer/drivers/databases/database_wish.hpp"
#include "installer/drivers/databases/description.hpp"
#include "installer/drivers/files/directory_steps.hpp"
#include "installer/drivers/files/files_wish.hpp"
#include "installer/drivers/files/shared_data.hpp"
#include "installer/drivers/health/health.hpp"
#include "installer/drivers/health/hook.hpp"
#include "installer/drivers/images/image_step.hpp"
#include "installer/drivers/images/images.hpp"
#include "installer/drivers/images/images_wish.hpp"
#include "installer/drivers/kubernetes/writers_fence.hpp"
#include "installer/drivers/s3/s3_step.hpp"
#include "installer/drivers/services/service.hpp"
#include "installer/planning/closing.hpp"
#include "installer/planning/found_data.hpp"
#include "release/documents/file_table.hpp"

namespace sealift::installer {

namespace {

// Images count as files do: a public name that means another image has changed. Bytes are counted
// once for each digest, and not for those that the release before had; a store may have other
// layers already.
ComponentChange compare_images(const Wish& wish, Content& content) {
  ComponentChange change{
      .component = wish.component, .target = wish.target, .path = wish.path, .images = true};
  std::map<std::string, Digest> before;
  if (wish.before) {
    for (const PlacedImage& image : wish.before->images)
      before.emplace(image.reference, image.digest);
  }
  std::set<Digest> known;
  for (const auto& [unused, digest] : before) known.insert(digest);
  for (const PlacedImage& image : images_in(wish)) {
    const auto was = before.find(image.reference);
    if (was == before.end()) {
      ++change.added;
    } else {
      ++(was->second == image.digest ? change.same : change.changed);
      before.erase(was);
    }
    if (!known.insert(image.digest).second) continue;
    for (const content::Descriptor& layer : content.image(image.digest).layers) {
      change.new_bytes += layer.size;
    }
  }
  change.removed = before.size();
  return change;
}

// A tree that is gone, or is not what is served, differs in every file.
DamagedFiles damaged_files(const Placement& placement, const std::vector<Difference>& differences) {
  const std::string place = (fs::path(placement.path) / placement.directory).string();
  DamagedFiles damage;
  for (const Difference& each : differences) {
    damage.paths.insert(each.path);
    if (each.path == placement.path || each.path == place) damage.is_whole_tree = true;
  }
  return damage;
}

// One pass over two sorted tables; what services want to know is learnt on the way.
ComponentChange compare(const Wish& wish, Content& content, ServiceWatch& watch,
                        const DamagedFiles& damage) {
  if (!images_in(wish).empty() || (wish.before && !wish.before->images.empty())) {
    return compare_images(wish, content);
  }
  ComponentChange change{.component = wish.component, .target = wish.target, .path = wish.path};
  const std::unique_ptr<Source> before = wish.before ? content.table(wish.before->table) : nullptr;
  const std::unique_ptr<Source> after = wish.table ? content.table(*wish.table) : nullptr;
  std::uint64_t damaged = 0;
  const std::uint64_t same = release::compare_tables(
      before.get(), after.get(),
      watch.is_watching() || !damage.is_empty() ? release::Same::reported : release::Same::counted,
      [&](release::Change kind, const release::FileEntry* was, const release::FileEntry* entry) {
        if (kind == release::Change::same && damage.covers(entry->path.str())) {
          kind = release::Change::changed;
          ++damaged;
        }
        watch.see(kind, was, entry);
        switch (kind) {
          case release::Change::added:
            ++change.added;
            break;
          case release::Change::changed:
            ++change.changed;
            break;
          case release::Change::removed:
            ++change.removed;
            break;
          case release::Change::same:
            return;
        }
        if (entry != nullptr) change.new_bytes += entry->size;
      });
  change.same = same - damaged;
  return change;
}

// Which signatures are known to go with its images: those of a release that is new are only
// wanted; what was installed once says which they were.
void keep_signatures(Purpose purpose, const Placement* before, Placement& placement) {
  if (purpose == Purpose::rollback) return;
  for (PlacedImage& image : placement.images) {
    image.signatures.clear();
    if (before == nullptr) continue;
    for (const PlacedImage& each : before->images) {
      if (each.reference == image.reference && each.digest == image.digest) {
        image.signatures = each.signatures;
      }
    }
  }
}

// The digest keeps two builds of one version apart.
std::string label_of(const std::string& version, const std::optional<Digest>& digest) {
  return digest ? format("{}-{}", version, digest->short_hex()) : version;
}

}  // namespace

std::string owner_of(const Placement& placement, const release::Target& settings) {
  if (placement.driver != "directory" && !release::is_runtime(placement.driver)) return "";
  return settings.owner.empty() ? std::to_string(::geteuid()) : settings.owner;
}

Drafting::Drafting(const Installation& installation, const State& state, const Drivers& drivers,
                   Content& content, const Request& request, Revision outcome)
    : installation_(installation),
      state_(state),
      drivers_(drivers),
      content_(content),
      outcome_(std::move(outcome)),
      data_(request.data) {
  draft_.plan = {.purpose = request.purpose,
                 .number = state.next_number,
                 .actor = request.actor,
                 .reason = request.reason,
                 .created = request.now,
                 .steps = {},
                 .outcome = {}};
  outcome_.number = state.next_number;
  if (const Revision* now = state.current()) outcome_.parent = now->number;
}

std::string Drafting::version_now() const {
  const Revision* now = state_.current();
  return now == nullptr ? "" : now->version;
}

// By path and not by component, so that a component that was renamed replaces itself.
const Placement* Drafting::standing_at(const std::string& path) const {
  const Revision* now = state_.current();
  return now == nullptr ? nullptr : now->placement_at(path);
}

void Drafting::want(Placement placement,
                    const std::shared_ptr<const migrations::MigrationSet>& migrations) {
  Wish wish = wish_for(placement);
  wish.table = placement.table;
  wish.settings = placement.settings;
  wish.database = std::make_shared<const DatabaseWish>(
      DatabaseWish{.migrations = migrations,
                   .author = {.transaction = draft_.plan.number,
                              .release = outcome_.version,
                              .digest = outcome_.digest ? outcome_.digest->str() : "",
                              .actor = draft_.plan.actor},
                   .now = draft_.plan.created,
                   .version_before = version_now(),
                   .fenced = installation_.site.fence.has_value(),
                   .fenced_until_activate = opens_early(installation_.site),
                   .way_back = data_});
  wanted_.insert(placement.path);
  for (Step& step : drivers_.named(placement.driver).plan(wish)) {
    note_space(space_of(step));
    for (std::string& line : describe_migrations(step, *migrations)) {
      draft_.details.push_back(std::move(line));
    }
    draft_.plan.steps.push_back(std::move(step));
  }
  outcome_.placements.push_back(std::move(placement));
}

void Drafting::want(Placement placement, const release::Target& settings, const std::string& ready,
                    const std::vector<Difference>& differences) {
  Wish wish = wish_for(placement);
  wish.table = placement.table;
  wish.ready = ready;
  wish.settings = placement.settings;
  for (const std::string& folder : settings.backup) {
    if (placement.persist.contains(folder)) continue;
    draft_.warnings.push_back(
        format("site.yaml: targets.{}.backup: the release does not keep {}, which is not backed up "
               "once it is installed",
               wish.target, printable(folder, 200)));
  }
  wish.images = std::make_shared<const ImagesWish>(ImagesWish{.images = placement.images});
  FilesWish files{.owner = settings.owner,
                  .sharing = settings.sharing,
                  .count = placement.files,
                  .persist = placement.persist,
                  .has_kept = has_kept_at(state_, placement.path)};
  if (wish.before) files.found_data = note_data(wish, placement.persist);
  wish.files = std::make_shared<const FilesWish>(std::move(files));
  wanted_.insert(placement.path);
  const Placement* before = standing_at(placement.path);
  keep_signatures(wish.purpose, before, placement);
  const bool is_standing = before != nullptr && before->directory == placement.directory;
  const DamagedFiles damage = is_standing ? damaged_files(placement, differences) : DamagedFiles();
  if (before != nullptr && differences.empty() && before->component == placement.component &&
      before->table == placement.table && before->images == placement.images &&
      before->settings == placement.settings && before->persist == placement.persist &&
      drivers_.named(placement.driver).is_current(*before) &&
      drivers_.named(placement.driver).differences(*before, content_).empty() &&
      (ready.empty() || ready == before->directory)) {
    outcome_.placements.push_back(*before);
    outcome_.placements.back().services = placement.services;
    draft_.changes.push_back(compare_watched(wish, placement.services, damage));
    return;
  }
  const std::optional<std::string> directory =
      add(placement.driver, wish, placement.services, damage);
  note_loaded(draft_.plan.steps, placement);
  placement.directory = directory.value_or(ready);
  if (ready.empty() && !placement.path.empty()) placement.owner = owner_of(placement, settings);
  outcome_.placements.push_back(std::move(placement));
}

// Data that the next release shares and the installed one has in its own directory, and the other
// way round.
std::map<std::string, std::string> Drafting::note_data(const Wish& wish,
                                                       const SharedFolders& shared) {
  for (const auto& [folder, unused] : wish.before->persist) {
    if (shared.contains(folder)) continue;
    draft_.warnings.push_back(
        format("{}: the release does not keep {}: what is in {} stays there, and the release does "
               "not see it",
               wish.component, folder, shared_place(wish.path, folder)));
  }
  if (wish.purpose != Purpose::apply && wish.purpose != Purpose::stage) return {};
  return data_found(wish, shared, *state_.current(), drivers_.named(wish.before->driver), content_);
}

// What a backup takes.
void Drafting::note_space(const std::optional<NeededSpace>& space) {
  if (space) draft_.needs.push_back({.path = space->path, .bytes = space->bytes, .inodes = 8});
}

// It gets no step and no line in the plan.
void Drafting::keep(const Placement& placement) {
  wanted_.insert(placement.path);
  outcome_.placements.push_back(placement);
}

void Drafting::change_the_current() {
  const Revision& now = *state_.current();
  outcome_.changes = now.changes.value_or(now.number);
  outcome_.parent = now.parent;
}

// Called behind all wants: only then is it known what is left.
void Drafting::drop_the_rest() {
  const Revision* now = state_.current();
  if (now == nullptr) return;
  for (const Placement& placement : now->placements) {
    if (wanted_.contains(placement.path)) continue;
    add(placement.driver, wish_for(placement), {}, {});
  }
}

std::vector<RenderedHook> Draft::last_hooks() const {
  if (plan.purpose != Purpose::apply) return {};
  std::vector<RenderedHook> last = health.hooks;
  std::erase_if(
      last, [](const RenderedHook& hook) { return hook.moment != release::Moment::after_commit; });
  return last;
}

// Steps were collected by component; a stable sort by phase keeps the order of components in each
// phase.
Draft Drafting::finish() {
  const auto is_backup = [](const Step& each) { return each.phase == Phase::fence; };
  std::vector<Step>& steps = draft_.plan.steps;
  const auto& fence = installation_.site.fence;
  if (fence && std::any_of(steps.begin(), steps.end(), is_backup)) {
    // What its commands need is known to be there before anything begins.
    for (const std::string& key : fence->secrets) content_.secret(key);
    std::vector<Step> closing = closing_steps(installation_.site, draft_.plan.number);
    std::move(closing.begin(), closing.end(), std::inserter(steps, steps.begin()));
    if (!fence->writers.empty()) steps.push_back(start_writers_step(installation_.site));
  }
  add_services();
  // A release may differ from the one that stands in its checks alone.
  if (!steps.empty() || !state_.stands(outcome_.digest)) {
    add_health();
    add_hooks();
  }
  std::stable_sort(draft_.plan.steps.begin(), draft_.plan.steps.end(),
                   [](const Step& a, const Step& b) { return a.phase < b.phase; });
  if (const std::string line = what_users_notice(steps); !line.empty())
    draft_.details.push_back(line);
  draft_.plan.outcome = outcome_;
  return std::move(draft_);
}

Wish Drafting::wish_for(const Placement& placement) const {
  Wish wish;
  wish.component = placement.component;
  wish.target = placement.target;
  wish.site = installation_.id;
  wish.path = placement.path;
  wish.number = draft_.plan.number;
  wish.label = label_of(outcome_.version, outcome_.digest);
  wish.purpose = draft_.plan.purpose;
  wish.content = &content_;
  if (const Placement* before = standing_at(placement.path)) wish.before = *before;
  return wish;
}

ComponentChange Drafting::compare_watched(const Wish& wish, const ServiceGlobs& services,
                                          const DamagedFiles& damage) {
  ServiceWatch watch(wish.before ? wish.before->services : ServiceGlobs(), services, services_);
  return compare(wish, content_, watch, damage);
}

// A service without an entry in site.yaml is a warning, since its files are right all the same; a
// program that is missing would fail behind the switches, and is refused here.
void Drafting::add_services() {
  std::vector<AffectedService> affected;
  Problems problems;
  for (const auto& [name, change] : services_) {
    if (change.count == 0) continue;
    const auto service = installation_.site.services.find(name);
    if (service == installation_.site.services.end()) {
      draft_.warnings.push_back(
          format("{}: nothing is restarted for it, site.yaml has no service {}", text(change),
                 printable(name, 80)));
      continue;
    }
    for (const std::string& program : missing_programs(service->second)) {
      problems.add(format("service {}: this host has no program {}", name, printable(program)),
                   format("correct services.{} in site.yaml", name));
    }
    // What its commands need is known to be there before anything begins.
    for (const std::string& key : service->second.secrets) content_.secret(key);
    affected.push_back({.name = name, .service = service->second, .change = change});
  }
  problems.throw_if_any(Errc::incompatible);
  if (affected.empty()) return;
  std::vector<Step>& steps = draft_.plan.steps;
  steps.insert(steps.begin(), service_guard(affected));
  for (Step& step : service_steps(affected)) steps.push_back(std::move(step));
}

// What stands is proved by the checks that it was applied with. A stage changes nothing that users
// see, and flags are no new release.
void Drafting::add_health() {
  std::vector<Step>& steps = draft_.plan.steps;
  const Purpose purpose = draft_.plan.purpose;
  if (purpose == Purpose::stage || purpose == Purpose::flags) return;
  if (!draft_.health.checks.empty()) {
    steps.push_back(check_step(draft_.health, draft_.plan.number));
  }
  const Revision* now = state_.current();
  if (now == nullptr) return;
  const Health standing = kept_health(installation_.layout, now->number);
  if (!standing.checks.empty()) steps.insert(steps.begin(), prove_step(standing, *now));
}

// A way back runs none, nor does a repair: it has to lead there whatever they would do.
void Drafting::add_hooks() {
  const Purpose purpose = draft_.plan.purpose;
  if (purpose != Purpose::apply && purpose != Purpose::stage) return;
  installer::add_hooks(draft_.health.hooks, draft_.plan.number, draft_.plan.steps);
}

// Backups of data come only where the target changes at all. A file that is shared by a link still
// takes its entry in a directory, hence 64 bytes; 64 inodes an image are its layers, configuration
// and names.
std::optional<std::string> Drafting::add(const std::string& driver, const Wish& wish,
                                         const ServiceGlobs& services, const DamagedFiles& damage) {
  std::vector<Step> steps = drivers_.named(driver).plan(wish);
  std::optional<std::string> directory = unpacked_directory(steps);
  if (!directory) directory = sent_directory(steps);
  if (!steps.empty()) {
    const Moment moment{.now = draft_.plan.created, .version = version_now()};
    for (Step& step : data_backups(wish, installation_.site, installation_.layout, moment)) {
      note_space(space_of_data(step));
      draft_.plan.steps.push_back(std::move(step));
    }
  }
  std::move(steps.begin(), steps.end(), std::back_inserter(draft_.plan.steps));
  ComponentChange change = compare_watched(wish, services, damage);
  const std::size_t images = images_in(wish).size();
  if (wish.table && wish.ready.empty() && images == 0 && is_on_host(wish.path)) {
    const bool shares = wish.before && files_in(wish).sharing == release::Sharing::automatic;
    draft_.needs.push_back(
        {.path = wish.path,
         .bytes = shares ? change.new_bytes + change.same * 64 : change.new_bytes,
         .inodes = change.added + change.changed + change.same});
  }
  if (wish.table && images > 0) {
    const std::string path = image_settings_from_json(wish.settings, wish.component).path;
    if (!path.empty()) {
      draft_.needs.push_back({.path = path, .bytes = change.new_bytes, .inodes = 64 * images});
    }
  }
  draft_.changes.push_back(std::move(change));
  return directory;
}

}  // namespace sealift::installer
