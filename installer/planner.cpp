// SPDX-License-Identifier: Apache-2.0
#include "installer/planner.hpp"

#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "content/image_name.hpp"
#include "content/media_types.hpp"
#include "installer/drivers/database.hpp"
#include "installer/drivers/fence.hpp"
#include "installer/drivers/images.hpp"
#include "installer/drivers/kept_set.hpp"
#include "installer/drivers/service.hpp"
#include "installer/flags.hpp"
#include "installer/kept_history.hpp"
#include "installer/overrides.hpp"
#include "installer/service_changes.hpp"
#include "installer/tls.hpp"
#include "release/file_table.hpp"
#include "release/image_entry.hpp"
#include "release/references.hpp"
#include "release/schema.hpp"
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

ComponentChange compare(const Wish& wish, Content& content, ServiceWatch& watch) {
  if (!wish.images.empty() || (wish.before && !wish.before->images.empty())) {
    return compare_images(wish, content);
  }
  ComponentChange change{.component = wish.component, .target = wish.target, .path = wish.path};
  const std::unique_ptr<Source> before = wish.before ? content.table(wish.before->table) : nullptr;
  const std::unique_ptr<Source> after = wish.table ? content.table(*wish.table) : nullptr;
  release::compare_tables(
      before.get(), after.get(),
      [&](release::Change kind, const release::FileEntry* was, const release::FileEntry* entry) {
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
            ++change.same;
            return;
        }
        if (entry != nullptr) change.new_bytes += entry->size;
      });
  return change;
}

// Whose files the driver makes, as a placement says it.
std::string owner_of(const Placement& placement, const release::Target& settings) {
  if (placement.driver != "directory") return "";
  return settings.owner.empty() ? std::to_string(::geteuid()) : settings.owner;
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
      outcome_.placements.back().services = placement.services;
      draft_.changes.push_back(compare_watched(wish, placement.services));
      return;
    }
    add(placement.driver, wish, placement.services);
    placement.directory = ready;
    if (ready.empty() && !placement.path.empty()) placement.owner = owner_of(placement, settings);
    for (const Step& step : draft_.plan.steps) {
      if (step.component == placement.component && step.data.contains("directory")) {
        placement.directory = step.data["directory"];
      }
    }
    outcome_.placements.push_back(std::move(placement));
  }

  // What stands now and is not touched.
  void keep(const Placement& placement) {
    wanted_.insert(placement.path);
    outcome_.placements.push_back(placement);
  }

  // Changes the release that stands, so that a rollback leads where it led before.
  void change_the_current() {
    const Revision& now = *state_.current();
    outcome_.changes = now.changes.value_or(now.number);
    outcome_.parent = now.parent;
  }

  // What stands now and is not wanted any more goes.
  void drop_the_rest() {
    const Revision* now = state_.current();
    if (now == nullptr) return;
    for (const Placement& placement : now->placements) {
      if (wanted_.contains(placement.path)) continue;
      add(placement.driver, wish_for(placement.component, placement.target, placement.path, {}),
          {});
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
    add_services();
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
    wish.has_kept = has_kept_at(state_, path);
    return wish;
  }

  ComponentChange compare_watched(const Wish& wish, const ServiceGlobs& services) {
    ServiceWatch watch(wish.before ? wish.before->services : ServiceGlobs(), services, services_);
    return compare(wish, content_, watch);
  }

  // The guard stands before the switches, what is run behind them; all are of one phase.
  void add_services() {
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
      affected.push_back({.name = name, .service = service->second, .change = change});
    }
    problems.throw_if_any(Errc::incompatible);
    if (affected.empty()) return;
    std::vector<Step>& steps = draft_.plan.steps;
    steps.insert(steps.begin(), service_guard(affected));
    for (Step& step : service_steps(affected)) steps.push_back(std::move(step));
  }

  void add(const std::string& driver, const Wish& wish, const ServiceGlobs& services) {
    for (Step& step : drivers_.named(driver).plan(wish))
      draft_.plan.steps.push_back(std::move(step));
    ComponentChange change = compare_watched(wish, services);
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
  ServiceChanges services_;
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

// What the certificates that templates ask for are like; what is wrong with others, `doctor` says.
void judge_certificates(const std::set<std::string>& asked_for, const release::Site& site, Time now,
                        Problems& problems, std::vector<std::string>& warnings) {
  std::set<std::string> names;
  for (const std::string& value : asked_for) names.emplace(release::tls_name(value));
  for (const auto& [name, entry] : site.tls) {
    if (!names.contains(name)) continue;
    signing::CertificateVerdict verdict = judge_tls(name, entry, now);
    for (std::string& mistake : verdict.mistakes) {
      problems.add(std::move(mistake), format("correct tls.{} in site.yaml, or its files", name));
    }
    for (std::string& warning : verdict.warnings) warnings.push_back(std::move(warning));
  }
}

// A name that nothing refers to is a mistake of somebody's.
void warn_about_services(const bundle::Contents& contents, const release::Site& site,
                         std::vector<std::string>& warnings) {
  std::vector<std::string> known;
  for (const release::Component& component : contents.components) {
    for (const auto& [name, unused] : component.document.services) known.push_back(name);
  }
  for (const auto& [name, unused] : site.services) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string near = release::nearest(name, known);
    warnings.push_back(format("site.yaml: no component has files of the service {}{}",
                              printable(name, 80),
                              near.empty() ? "" : format("; did you mean {}?", near)));
  }
}

FlagChanges changes_of(const Revision* revision) {
  return installer::changes_of(revision == nullptr ? nullptr : revision->flags_placement());
}

// What the site has changed of its flags, as far as this release lets it stand.
SiteFlags flags_on(const release::Component& component, const bundle::Contents& contents,
                   SiteContent& content, const release::Site& site, const State& state,
                   Draft& draft) {
  SiteFlags flags{.environment = site.environment, .changes = changes_of(state.current())};
  // The same release again is not the next one.
  if (flags.changes.empty() || state.current()->digest == contents.digest()) return flags;
  CarriedFlags carried =
      carry_over(flags.changes, content.released_flags(component.row.name, flags.environment));
  flags.changes = std::move(carried.kept);
  draft.flags = std::move(carried.lines);
  for (std::string& warning : carried.warnings) draft.warnings.push_back(std::move(warning));
  return flags;
}

// A secret in site.yaml would be kept, and shown, with the other values. Of declared ones the
// contract says so.
void refuse_clear_secrets(const release::ReleaseDocument& document, const release::Site& site) {
  const release::Sealed sealed = release::sealed_keys(document.sealed, site.environment);
  Problems problems;
  for (const auto& [key, unused] : site.values) {
    if (!sealed.contains(key) || document.contract.is_secret(key)) continue;
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
  if (staged == nullptr || staged->table != wanted.table || staged->directory.empty() ||
      staged->owner != wanted.owner) {
    return "";
  }
  const bool whole = drivers.named(staged->driver)
                         .inspect(*staged, Thoroughness::by_receipt, Strangers::reported, content)
                         .empty();
  return whole ? staged->directory : "";
}

// The way back is never barred by a certificate.
void warn_about_certificates(const Installation& installation, Time now,
                             std::vector<std::string>& warnings) {
  const Time believed = believed_now(installation.layout, FixedClock(now));
  for (const auto& [name, entry] : installation.site.tls) {
    const signing::CertificateVerdict verdict = judge_tls(name, entry, believed);
    for (const auto* list : {&verdict.mistakes, &verdict.warnings}) {
      warnings.insert(warnings.end(), list->begin(), list->end());
    }
  }
}

// The directory that stands there where only what is kept beside it changes.
std::string standing_directory(const State& state, const Drivers& drivers, const Placement& wanted,
                               Content& content) {
  const Revision* now = state.current();
  const Placement* before = now == nullptr ? nullptr : now->placement_at(wanted.path);
  if (before == nullptr || before->table != wanted.table || before->owner != wanted.owner ||
      before->settings == wanted.settings) {
    return "";
  }
  const bool whole = drivers.named(before->driver)
                         .inspect(*before, Thoroughness::by_receipt, Strangers::ignored, content)
                         .empty();
  return whole ? before->directory : "";
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

release::Settings settings_for(const bundle::Contents& contents, const release::Site& site,
                               const release::Values& set) {
  const release::ReleaseDocument& document = contents.document;
  return release::merge(document.contract, document.environments.at(site.environment), site.values,
                        set);
}

release::Sealed secrets_given(const release::ReleaseDocument& document, const release::Site& site) {
  release::Sealed given = release::sealed_keys(document.sealed, site.environment);
  for (const auto& [key, unused] : site.secrets) given.insert(key);
  return given;
}

release::Values values_for(const bundle::Contents& contents, const release::Site& site,
                           const release::Values& set) {
  const release::ReleaseDocument& document = contents.document;
  release::Values values = release::values_of(document.contract, settings_for(contents, site, set));
  values.merge(release::builtin_values(document.name, document.version, site.environment));
  values.merge(image_values(contents, site));
  values.merge(release::tls_values(site.tls));
  for (const release::Component& component : contents.components) {
    if (component.is_assets()) values.merge(asset_values(component));
  }
  // Secrets are opened where they are needed; until then they are values that are not set.
  for (const auto& [key, declared] : document.contract.keys()) {
    if (declared.secret) values.emplace(key, nullptr);
  }
  for (const std::string& key : secrets_given(document, site)) values.emplace(key, nullptr);
  return values;
}

std::vector<Problem> refused_values(const bundle::Contents& contents, const release::Site& site,
                                    const Request& request) {
  const release::Settings settings = settings_for(contents, site, request.set);
  const auto place = [&](const std::string& key) {
    const auto setting = settings.find(key);
    if (setting == settings.end() || setting->second.value.is_null()) {
      return format("site.yaml: the value {}", key);
    }
    switch (setting->second.source) {
      case release::Source::site:
        return site.places.at(key) + ":";
      case release::Source::command_line:
        return format("--set {}:", key);
      case release::Source::contract:
      case release::Source::environment:
        break;
    }
    return format("the release: environment {}: {}:", site.environment, key);
  };
  std::vector<Problem> problems;
  for (const release::Breach& breach : release::breaches(contents.document.contract, settings,
                                                         secrets_given(contents.document, site))) {
    problems.push_back({format("{} {}", place(breach.key), breach.found), breach.hint});
  }
  return problems;
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
  refuse_clear_secrets(document, site);
  if (std::vector<Problem> refused = refused_values(contents, site, request); !refused.empty()) {
    throw Error(Errc::incompatible, std::move(refused));
  }
  drafting.draft().set = request.set;
  std::map<std::string, std::string> taken;
  Problems problems;
  bool carries_flags = false;
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
      Json settings;
      if (row.artifact_type == media_type::kFlags) {
        carries_flags = true;
        SiteFlags flags = flags_on(component, contents, content, site, state, drafting.draft());
        settings = to_settings(flags);
        content.set_flags(row.name, std::move(flags));
      }
      const SiteContent::Table table = content.keep_table(component);
      Placement wanted{.component = row.name,
                       .target = row.target,
                       .driver = target.driver,
                       .path = target.path,
                       .directory = {},
                       .table = table.digest,
                       .files = table.files,
                       .bytes = table.bytes,
                       .settings = std::move(settings),
                       .services = component.document.services};
      wanted.owner = owner_of(wanted, target);
      if (component.is_assets()) {
        wanted.settings =
            kept_settings_for(wanted, component.document.assets, state, installation.layout);
      }
      for (std::string& warning : kept_warnings(wanted, content)) {
        drafting.draft().warnings.push_back(std::move(warning));
      }
      std::string ready = staged_directory(state, drivers, wanted, content);
      if (ready.empty()) ready = standing_directory(state, drivers, wanted, content);
      drafting.want(std::move(wanted), target, ready);
    } catch (const Error& error) {
      if (error.code() != Errc::incompatible && error.code() != Errc::invalid_input) throw;
      problems.add(error.code() == Errc::invalid_input
                       ? error.within(format("component {}", row.name))
                       : error);
    }
  }
  judge_certificates(content.asked_for(), site,
                     believed_now(installation.layout, FixedClock(request.now)), problems,
                     drafting.draft().warnings);
  problems.throw_if_any(Errc::incompatible);
  drafting.drop_the_rest();
  const auto warn_of = [&](const Revision& before, std::string_view done) {
    for (const std::string& line :
         forgotten(kept_overrides(installation.layout, before), request.set)) {
      drafting.draft().warnings.push_back(
          format("release {} was {} with {}, which this plan does not repeat", before.version, done,
                 printable(line, 200)));
    }
  };
  if (const Revision* now = state.current()) warn_of(*now, "applied");
  if (state.staged && state.staged->digest == contents.digest()) warn_of(*state.staged, "staged");
  warn_about_services(contents, site, drafting.draft().warnings);
  if (!carries_flags) {
    for (const std::string& line : carry_over(changes_of(state.current()), {}).warnings) {
      drafting.draft().warnings.push_back(line);
    }
  }
  for (const auto& [key, unused] : site.secrets) {
    if (document.contract.is_secret(key) ||
        release::sealed_keys(document.sealed, site.environment).contains(key)) {
      continue;
    }
    drafting.draft().warnings.push_back(
        format("site.yaml: the secret {} is none of this release's", key));
  }
  for (const auto& [name, unused] : site.values) {
    if (!document.contract.empty() || document.environments.at(site.environment).contains(name)) {
      continue;
    }
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
  outcome.changes.reset();
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
    if (const auto assets = assets_of(placement.settings)) {
      wanted.settings = kept_settings_for(wanted, *assets, state, installation.layout);
    }
    drafting.want(
        std::move(wanted),
        settings == installation.site.targets.end() ? release::Target{} : settings->second, ready);
  }
  warn_about_certificates(installation, request.now, drafting.draft().warnings);
  drafting.drop_the_rest();
  drafting.draft().flags = compare(changes_of(state.current()), changes_of(&target));
  return drafting.finish();
}

Draft plan_flags(const SiteFlags& wanted, SiteContent& content, const Installation& installation,
                 const State& state, const Drivers& drivers, const Request& request) {
  const Revision& now = *state.current();
  Revision outcome = now;
  outcome.placements.clear();
  Drafting drafting(installation, state, drivers, content, request, std::move(outcome));
  drafting.change_the_current();
  for (const Placement& placement : now.placements) {
    if (!has_flags(placement)) {
      drafting.keep(placement);
      continue;
    }
    content.set_flags(placement.component, wanted);
    const SiteContent::Table table = content.keep_table(placement.component);
    Placement other = placement;
    other.directory.clear();
    other.table = table.digest;
    other.files = table.files;
    other.bytes = table.bytes;
    other.settings = to_settings(wanted);
    const auto target = installation.site.targets.find(placement.target);
    drafting.want(std::move(other),
                  target == installation.site.targets.end() ? release::Target{} : target->second,
                  "");
  }
  drafting.draft().flags = compare(changes_of(&now), wanted.changes);
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
