// SPDX-License-Identifier: Apache-2.0
#include "installer/planner.hpp"

#include <sys/stat.h>
#include <sys/utsname.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "content/image_name.hpp"
#include "installer/drivers/database.hpp"
#include "installer/drivers/fence.hpp"
#include "installer/drivers/images.hpp"
#include "release/file_table.hpp"
#include "release/image_entry.hpp"
#include "release/semver.hpp"
#include "release/template.hpp"

namespace sealift::installer {

namespace {

using release::Version;
using release::VersionRange;

std::string host_arch() {
  struct utsname host {};
  ::uname(&host);
  const std::string machine = host.machine;
  if (machine == "x86_64") return "amd64";
  return machine == "aarch64" ? "arm64" : machine;
}

[[noreturn]] void incompatible(const std::string& found, const std::string& hint) {
  throw Error(Errc::incompatible, found, hint);
}

bool is_older(const bundle::Contents& contents, const Revision& current) {
  return current.digest &&
         Version::parse(contents.document.version) < Version::parse(current.version);
}

void check_floor(const bundle::Contents& contents, const Revision& current, Floor floor) {
  if (!current.digest) return;  // adopted: any release may follow
  const Version now = Version::parse(current.version);
  const Version offered = Version::parse(contents.document.version);
  if (offered < now && floor == Floor::kept) {
    throw Error(Errc::untrusted,
                format("version {} is older than {}, which this site has accepted", offered.str(),
                       now.str()),
                "to go back to a release that was here before: sealift-installer rollback; to "
                "restore an older one from a bundle, audited: --below-floor");
  }
  if (offered == now && contents.digest() != *current.digest) {
    throw Error(Errc::untrusted,
                format("version {} is here already with the digest {}, the bundle holds {}",
                       now.str(), current.digest->str(), contents.digest().str()),
                "a version is released once; ask for one with a new version");
  }
}

// Images count as files do: a public name that means another image has changed.
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
  for (const PlacedImage& image : wish.images) {
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

ComponentChange compare(const Wish& wish, Content& content) {
  if (!wish.images.empty() || (wish.before && !wish.before->images.empty())) {
    return compare_images(wish, content);
  }
  ComponentChange change{.component = wish.component, .target = wish.target, .path = wish.path};
  const std::unique_ptr<Source> before = wish.before ? content.table(wish.before->table) : nullptr;
  const std::unique_ptr<Source> after = wish.table ? content.table(*wish.table) : nullptr;
  release::compare_tables(
      before.get(), after.get(),
      [&](release::Change kind, const release::FileEntry*, const release::FileEntry* entry) {
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
            ++change.same;
            return;
        }
        if (entry != nullptr) change.new_bytes += entry->size;
      });
  return change;
}

std::string label_of(const std::string& version, const std::optional<Digest>& digest) {
  return digest ? format("{}-{}", version, digest->short_hex()) : version;
}

// Collects wishes into a draft.
class Drafting {
 public:
  Drafting(const Installation& installation, const State& state, const Drivers& drivers,
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
                   .outcome = nullptr};
    outcome_.number = state.next_number;
    if (const Revision* now = state.current()) outcome_.parent = now->number;
  }

  const Placement* standing_at(const std::string& path) const {
    const Revision* now = state_.current();
    return now == nullptr ? nullptr : now->placement_at(path);
  }

  // Migrations that a database shall have had.
  void want(Placement placement, std::shared_ptr<const migrations::MigrationSet> migrations) {
    Wish wish = wish_for(placement.component, placement.target, placement.path, {});
    wish.table = placement.table;
    wish.settings = placement.settings;
    wish.migrations = std::move(migrations);
    wanted_.insert(placement.path);
    for (Step& step : drivers_.named(placement.driver).plan(wish)) {
      if (const auto space = step.data.find("space"); space != step.data.end()) {
        draft_.needs.push_back(
            {.path = space->at("path"), .bytes = space->at("bytes"), .inodes = 8});
      }
      for (std::string& line : describe_migrations(step, *wish.migrations)) {
        draft_.details.push_back(std::move(line));
      }
      draft_.plan.steps.push_back(std::move(step));
    }
    outcome_.placements.push_back(std::move(placement));
  }

  // `placement` says what shall stand there; its directory is filled in by the driver's steps.
  void want(Placement placement, const release::Target& settings, const std::string& ready) {
    Wish wish = wish_for(placement.component, placement.target, placement.path, settings);
    wish.table = placement.table;
    wish.files = placement.files;
    wish.ready = ready;
    wish.images = placement.images;
    wish.settings = placement.settings;
    wanted_.insert(placement.path);
    const Placement* before = standing_at(placement.path);
    if (before != nullptr && before->component == placement.component &&
        before->table == placement.table && before->images == placement.images &&
        before->settings == placement.settings &&
        drivers_.named(placement.driver).is_current(*before) &&
        (ready.empty() || ready == before->directory)) {
      outcome_.placements.push_back(*before);
      draft_.changes.push_back(compare(wish, content_));
      return;
    }
    add(placement.driver, wish);
    placement.directory = ready;
    for (const Step& step : draft_.plan.steps) {
      if (step.component == placement.component && step.data.contains("directory")) {
        placement.directory = step.data["directory"];
      }
    }
    outcome_.placements.push_back(std::move(placement));
  }

  // What stands now and is not wanted any more goes.
  void drop_the_rest() {
    const Revision* now = state_.current();
    if (now == nullptr) return;
    for (const Placement& placement : now->placements) {
      if (wanted_.contains(placement.path)) continue;
      add(placement.driver, wish_for(placement.component, placement.target, placement.path, {}));
    }
  }

  Draft finish() {
    const auto is_of_database = [](const Step& each) { return each.phase == Phase::fence; };
    std::vector<Step>& steps = draft_.plan.steps;
    const auto& fence = installation_.site.fence;
    if (fence && std::any_of(steps.begin(), steps.end(), is_of_database)) {
      // What its commands need is known to be there before anything begins.
      for (const std::string& key : fence->secrets) content_.secret(key);
      steps.insert(steps.begin(), fence_step(*fence, draft_.plan.number));
    }
    std::stable_sort(draft_.plan.steps.begin(), draft_.plan.steps.end(),
                     [](const Step& a, const Step& b) { return a.phase < b.phase; });
    draft_.plan.outcome = to_json(outcome_);
    return std::move(draft_);
  }

  Draft& draft() { return draft_; }

 private:
  Wish wish_for(const std::string& component, const std::string& target, const std::string& path,
                const release::Target& settings) const {
    Wish wish;
    wish.component = component;
    wish.target = target;
    wish.site = installation_.id;
    wish.path = path;
    wish.owner = settings.owner;
    wish.sharing = settings.sharing;
    wish.number = draft_.plan.number;
    wish.label = label_of(outcome_.version, outcome_.digest);
    wish.purpose = draft_.plan.purpose;
    wish.author = {.transaction = draft_.plan.number,
                   .release = outcome_.version,
                   .digest = outcome_.digest ? outcome_.digest->str() : "",
                   .actor = draft_.plan.actor};
    wish.now = draft_.plan.created;
    wish.fenced = installation_.site.fence.has_value();
    wish.way_back = data_;
    if (const Revision* now = state_.current()) wish.version_before = now->version;
    if (const Placement* before = standing_at(path)) wish.before = *before;
    return wish;
  }

  void add(const std::string& driver, const Wish& wish) {
    for (Step& step : drivers_.named(driver).plan(wish))
      draft_.plan.steps.push_back(std::move(step));
    ComponentChange change = compare(wish, content_);
    if (wish.table && wish.ready.empty() && wish.images.empty()) {
      const bool shares = wish.before && wish.sharing == release::Sharing::automatic;
      draft_.needs.push_back(
          {.path = wish.path,
           .bytes = shares ? change.new_bytes + change.same * 64 : change.new_bytes,
           .inodes = change.added + change.changed + change.same});
    }
    if (wish.table && !wish.images.empty() && wish.settings.contains("path")) {
      draft_.needs.push_back({.path = wish.settings["path"],
                              .bytes = change.new_bytes,
                              .inodes = 64 * wish.images.size()});
    }
    draft_.changes.push_back(std::move(change));
  }

  const Installation& installation_;
  const State& state_;
  const Drivers& drivers_;
  Content& content_;
  Revision outcome_;
  DataRequest data_;
  Draft draft_;
  std::set<std::string> wanted_;  // paths
};

// Stores that hold images for other hosts take any platform.
bool runs_here(const std::string& driver) {
  return driver == "docker" || driver == "podman" || driver == "containerd";
}

const release::Target& target_of(const release::ComponentRow& row, const release::Site& site) {
  const auto found = site.targets.find(row.target);
  if (found == site.targets.end()) {
    incompatible(format("component {} goes to the target \"{}\", which site.yaml does not have",
                        row.name, row.target),
                 format("add {} to targets in site.yaml", row.target));
  }
  return found->second;
}

// The images of a component as this site names them.
std::vector<PlacedImage> images_on(const release::Component& component,
                                   const release::Target& target) {
  const content::Platform host{.os = "linux", .architecture = host_arch(), .variant = {}};
  std::vector<PlacedImage> images;
  Problems problems;
  for (std::size_t i = 0; i < component.images.size(); ++i) {
    const content::Image& image = component.images[i];
    const release::CarriedImage& carried = component.document.images[i];
    const std::optional<std::string> reference =
        target.mapped(content::ImageName::parse(carried.name));
    const content::ImageVariant* variant = image.variant_for(host);
    if (!reference) {
      problems.add(format("the target {} has no line in its map for the image {}",
                          component.row.target, carried.name),
                   "add one to map in site.yaml");
    }
    if (variant == nullptr && runs_here(target.driver)) {
      problems.add(format("the image {} is not for this host, {}", carried.name, host.str()),
                   "carry a bundle that has this platform");
    }
    if (variant == nullptr) variant = &image.variants.front();
    images.push_back({.name = carried.name,
                      .reference = reference.value_or(carried.name),
                      .digest = image.root.digest,
                      .manifest = variant->manifest.digest,
                      .config = variant->config.digest,
                      .whole = carried.whole});
  }
  problems.throw_if_any(Errc::incompatible);
  return images;
}

Placement placed_images(const release::Component& component, const release::Target& target,
                        const std::string& site) {
  return {.component = component.row.name,
          .target = component.row.target,
          .driver = target.driver,
          .path = format("{}:{}", target.driver, component.row.name),
          .directory = {},
          .table = component.manifest.config.digest,
          .files = component.images.size(),
          .bytes = component.document.bytes,
          .images = images_on(component, target),
          .settings = image_settings(target, site)};
}

Placement placed_migrations(const release::Component& component, const release::Site& site) {
  const std::string& name = component.row.target;
  const auto found = site.databases.find(name);
  if (found == site.databases.end()) {
    incompatible(format("component {} migrates the database \"{}\", which site.yaml does not have",
                        component.row.name, name),
                 format("add {} to databases in site.yaml", name));
  }
  const release::CarriedMigrations& carried = *component.document.migrations;
  if (carried.dialect != found->second.driver) {
    incompatible(format("component {} is for {}, the database {} is one of {}", component.row.name,
                        carried.dialect, name, found->second.driver),
                 "correct databases in site.yaml");
  }
  return {.component = component.row.name,
          .target = name,
          .driver = found->second.driver,
          .path = format("database:{}", name),
          .directory = {},
          .table = component.file_table().digest,
          .files = component.document.files,
          .bytes = component.document.bytes,
          .images = {},
          .settings = database_settings(name, site, carried)};
}

std::shared_ptr<const migrations::MigrationSet> migrations_of(const Placement& placement,
                                                              Content& content) {
  const std::unique_ptr<TreeStream> tree = content.tree(placement.component);
  return std::make_shared<migrations::MigrationSet>(read_migrations(*tree, placement.settings));
}

// What templates call the images, as a site has them.
release::Values image_values(const bundle::Contents& contents, const release::Site& site) {
  std::vector<std::string> all;
  for (const release::Component& component : contents.components) {
    for (const release::CarriedImage& image : component.document.images) all.push_back(image.name);
  }
  const std::map<std::string, std::string> names = release::image_value_names(all);
  release::Values values;
  for (const release::Component& component : contents.components) {
    const auto target = site.targets.find(component.row.target);
    if (!component.is_images() || target == site.targets.end()) continue;
    for (const PlacedImage& image : images_on(component, target->second)) {
      const auto name = names.find(image.name);
      if (name != names.end()) values[name->second] = pinned(image, target->second.driver);
    }
  }
  return values;
}

bool is_secret(const release::ReleaseDocument& document, const release::Site& site,
               const std::string& key) {
  const auto sealed = document.sealed.find(site.environment);
  return document.contract.is_secret(key) ||
         (sealed != document.sealed.end() && sealed->second.contains(key));
}

// A secret in site.yaml would be kept, and shown, with the other values.
void refuse_clear_secrets(const release::ReleaseDocument& document, const release::Site& site) {
  Problems problems;
  for (const auto& [key, unused] : site.values) {
    if (!is_secret(document, site, key)) continue;
    problems.add(
        format("site.yaml: values.{}: is a secret, and in clear", key),
        format("put it into a file of mode 0600 and name it: secrets: {{{}: {{file: ...}}}}", key));
  }
  problems.throw_if_any(Errc::invalid_input);
}

// A directory that `stage` has prepared for just this.
std::string staged_directory(const State& state, const Drivers& drivers, const Placement& wanted,
                             Content& content) {
  const Placement* staged = state.staged ? state.staged->placement_at(wanted.path) : nullptr;
  if (staged == nullptr || staged->table != wanted.table || staged->directory.empty()) return "";
  const bool whole = drivers.named(staged->driver)
                         .inspect(*staged, Thoroughness::by_receipt, Strangers::reported, content)
                         .empty();
  return whole ? staged->directory : "";
}

}  // namespace

void check_requirements(const bundle::Contents& contents, const Installation& installation,
                        const State& state, Floor floor) {
  const release::ReleaseDocument& document = contents.document;
  const release::Site& site = installation.site;
  if (document.name != site.release) {
    incompatible(format("the bundle holds the release \"{}\", this site takes \"{}\"",
                        document.name, site.release),
                 "carry a bundle that was built for this site");
  }
  if (!document.environments.contains(site.environment)) {
    incompatible(format("the release has no environment \"{}\"", site.environment),
                 "correct environment in site.yaml, or carry a release that has it");
  }
  refuse_clear_secrets(document, site);
  if (!document.installer.empty() &&
      !VersionRange::parse(document.installer).contains(Version::parse(SEALIFT_VERSION))) {
    incompatible(format("the release asks for an installer {}, this is {}", document.installer,
                        SEALIFT_VERSION),
                 "use the installer that was delivered with the release");
  }
  if (const auto& arch = document.arch;
      !arch.empty() && std::find(arch.begin(), arch.end(), host_arch()) == arch.end()) {
    incompatible(format("the release is for {}, this host is {}", joined(arch), host_arch()),
                 "carry the bundle for this architecture");
  }
  const Revision* current = state.current();
  if (current == nullptr) return;
  check_floor(contents, *current, floor);
  if (is_older(contents, *current)) return;
  const bool repeats = current->digest == contents.digest();
  if (!document.upgrade_from.empty() && current->digest && !repeats) {
    const VersionRange range = VersionRange::parse(document.upgrade_from);
    if (!range.contains(Version::parse(current->version))) {
      const std::string first = range.lowest();
      incompatible(format("release {} upgrades from {}, this site has {}", document.version,
                          document.upgrade_from, current->version),
                   first.empty() ? "carry a release that upgrades from this one first"
                                 : format("carry release {} and apply it first", first));
    }
  }
}

release::Values values_for(const bundle::Contents& contents, const release::Site& site) {
  const release::ReleaseDocument& document = contents.document;
  release::Values values = release::merge(document.environments.at(site.environment), site.values);
  values.merge(release::builtin_values(document.name, document.version, site.environment));
  values.merge(image_values(contents, site));
  return values;
}

std::vector<Placement> migrations_on(const bundle::Contents& contents, const release::Site& site) {
  std::vector<Placement> placements;
  for (const release::Component& component : contents.components) {
    if (component.is_migrations()) placements.push_back(placed_migrations(component, site));
  }
  return placements;
}

Draft plan_release(const bundle::Contents& contents, const std::string& bundle_name,
                   SiteContent& content, const Installation& installation, const State& state,
                   const Drivers& drivers, const Request& request) {
  const release::ReleaseDocument& document = contents.document;
  const release::Site& site = installation.site;
  Drafting drafting(installation, state, drivers, content, request,
                    {.release = document.name,
                     .version = document.version,
                     .digest = contents.digest(),
                     .environment = site.environment,
                     .bundle = bundle_name,
                     .placements = {},
                     .parent = {},
                     .restores = {}});
  std::map<std::string, std::string> taken;
  Problems problems;
  for (const release::Component& component : contents.components) {
    const release::ComponentRow& row = component.row;
    if (row.optional && !site.takes(row.name)) continue;
    try {
      if (component.is_migrations()) {
        Placement placement = placed_migrations(component, site);
        content.keep_table(component);
        auto migrations = migrations_of(placement, content);
        drafting.want(std::move(placement), std::move(migrations));
        continue;
      }
      const release::Target& target = target_of(row, site);
      const auto [other, fresh] = taken.emplace(row.target, row.name);
      if (!fresh && !component.is_images()) {
        incompatible(format("components {} and {} both go to the target {}", other->second,
                            row.name, row.target),
                     "give each component a target of its own");
      }
      if (!drivers.named(target.driver).accepts(row.artifact_type)) {
        incompatible(format("the target {} cannot take {}, which is {}", row.target, row.name,
                            printable(row.artifact_type)),
                     "use the installer that was delivered with the release");
      }
      if (component.is_images()) {
        drafting.want(placed_images(component, target, installation.id), target, "");
        continue;
      }
      const SiteContent::Table table = content.keep_table(component);
      Placement wanted{.component = row.name,
                       .target = row.target,
                       .driver = target.driver,
                       .path = target.path,
                       .directory = {},
                       .table = table.digest,
                       .files = table.files,
                       .bytes = table.bytes};
      const std::string ready = staged_directory(state, drivers, wanted, content);
      drafting.want(std::move(wanted), target, ready);
    } catch (const Error& error) {
      if (error.code() != Errc::incompatible && error.code() != Errc::invalid_input) throw;
      problems.add(error.code() == Errc::invalid_input
                       ? error.within(format("component {}", row.name))
                       : error);
    }
  }
  problems.throw_if_any(Errc::incompatible);
  drafting.drop_the_rest();
  for (const auto& [key, unused] : site.secrets) {
    if (is_secret(document, site, key)) continue;
    drafting.draft().warnings.push_back(
        format("site.yaml: the secret {} is none of this release's", key));
  }
  for (const auto& [name, unused] : site.values) {
    if (document.environments.at(site.environment).contains(name)) continue;
    drafting.draft().warnings.push_back(
        format("site.yaml: the value {} is used by nothing in this release", name));
  }
  return drafting.finish();
}

Draft plan_rollback(const Revision& target, SiteContent& content, const Installation& installation,
                    const State& state, const Drivers& drivers, Thoroughness thoroughness,
                    const Request& request) {
  Revision outcome = target;
  outcome.placements.clear();
  outcome.restores = target.restores.value_or(target.number);
  Drafting drafting(installation, state, drivers, content, request, std::move(outcome));
  for (const Placement& placement : target.placements) {
    if (is_of_database(placement)) {
      drafting.want(placement, migrations_of(placement, content));
      continue;
    }
    const auto settings = installation.site.targets.find(placement.target);
    const std::vector<Difference> damage =
        drivers.named(placement.driver)
            .inspect(placement, thoroughness, Strangers::ignored, content);
    std::string ready = placement.directory;
    Placement wanted = placement;
    if (!damage.empty() && placement.images.empty()) {
      drafting.draft().warnings.push_back(format(
          "{}/{}: {}: {}; it is unpacked again from the bundle that was kept", placement.path,
          placement.directory, printable(damage.front().path), damage.front().found));
      ready.clear();
      // Secrets may have changed since: what is unpacked is what is recorded.
      if (target.digest) wanted.table = content.keep_table(placement.component).digest;
    }
    drafting.want(
        std::move(wanted),
        settings == installation.site.targets.end() ? release::Target{} : settings->second, ready);
  }
  drafting.drop_the_rest();
  return drafting.finish();
}

void check_space(const Draft& draft) {
  struct Total {
    std::uint64_t bytes = 0;
    std::uint64_t inodes = 0;
    fs::path place;
  };
  std::map<dev_t, Total> totals;
  for (const Need& need : draft.needs) {
    fs::path place = need.path;
    std::error_code ignored;
    while (!fs::exists(place, ignored)) place = place.parent_path();
    struct stat status {};
    if (::stat(place.c_str(), &status) != 0) throw_errno(place.string(), "stat");
    Total& total = totals[status.st_dev];
    // A file takes whole blocks.
    total.bytes += need.bytes + need.inodes * 2048;
    total.inodes += need.inodes;
    total.place = place;
  }
  for (const auto& [unused, total] : totals) {
    const Space space = free_space(total.place);
    if (space.bytes < total.bytes + total.bytes / 20 || space.inodes < total.inodes) {
      throw Error(Errc::io,
                  format("{}: has {} bytes and {} inodes free, the release needs {} and {}",
                         total.place.string(), space.bytes, space.inodes,
                         total.bytes + total.bytes / 20, total.inodes),
                  "free some space, lower retention in site.yaml, or run: sealift-installer prune");
    }
  }
}

}  // namespace sealift::installer
