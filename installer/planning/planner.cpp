// SPDX-License-Identifier: Apache-2.0
#include "installer/planning/planner.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/format.hpp"
#include "base/path.hpp"
#include "content/media_types.hpp"
#include "installer/content/kept_history.hpp"
#include "installer/content/kept_set.hpp"
#include "installer/content/site_values.hpp"
#include "installer/driver/differences.hpp"
#include "installer/drivers/databases/database.hpp"
#include "installer/planning/drafting.hpp"
#include "installer/planning/placing.hpp"
#include "installer/planning/render.hpp"
#include "installer/planning/requirements.hpp"
#include "installer/records/flags.hpp"
#include "installer/records/overrides.hpp"
#include "installer/site/tls.hpp"
#include "release/site_file/allowance.hpp"
#include "release/text/schema.hpp"
#include "release/values/tls.hpp"

namespace sealift::installer {

namespace {

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

// A tree of files as it is on this site; its table is kept.
Placement placed_tree(const release::Component& component, const release::Target& target,
                      SiteContent& content, Json settings) {
  const SiteContent::Table table = content.keep_table(component);
  Placement placement{.component = component.row.name,
                      .target = component.row.target,
                      .driver = target.driver,
                      .path = target.path,
                      .directory = {},
                      .table = table.digest,
                      .files = table.files,
                      .bytes = table.bytes,
                      .settings = std::move(settings),
                      .services = component.document.services};
  placement.owner = owner_of(placement, target);
  for (const std::string& folder : component.document.persist) {
    placement.persist[folder] = target.owner;
  }
  return placement;
}

std::vector<compose::KnownImage> carried_images(const bundle::Contents& contents) {
  std::vector<compose::KnownImage> all;
  for (const release::Component& component : contents.components) {
    for (compose::KnownImage& image : compose::known_images(component)) {
      all.push_back(std::move(image));
    }
  }
  return all;
}

// What runs from a tree of files.
Placement placed_workload(const release::Component& component, const release::Target& target,
                          SiteContent& content, const bundle::Contents& contents,
                          const Installation& installation, const Drivers& drivers,
                          Problems& problems) {
  const release::Workload& workload = *component.document.workload;
  if (workload.runtime != target.driver) {
    throw Error(Errc::incompatible,
                format("component {} is for {}, the target {} is one of {}", component.row.name,
                       workload.runtime, component.row.target, target.driver),
                "correct targets in site.yaml");
  }
  Placement placement = placed_tree(component, target, content, nullptr);
  const Driver& driver = drivers.named(target.driver);
  const RuntimeQuestion question{.component = component,
                                 .target = target,
                                 .site = installation.id,
                                 .content = content,
                                 .table = placement.table,
                                 .pins = image_pins(contents, installation.site),
                                 .images = carried_images(contents)};
  release::check_allowed({.who = format("component {}", component.row.name),
                          .name = component.row.name,
                          .own = target.path},
                         driver.claims(question), installation.site.allow, problems);
  placement.settings = driver.settings(question);
  for (auto& [folder, user] : driver.data_folders(question)) {
    placement.persist[folder] = user.empty() ? target.owner : user;
  }
  return placement;
}

// What --set gave before and does not give now would be lost in silence.
void warn_about_overrides(const bundle::Contents& contents, const State& state,
                          const Layout& layout, Draft& draft) {
  const auto warn_of = [&](const Revision& before, std::string_view done) {
    for (const std::string& line : forgotten(kept_overrides(layout, before), draft.set)) {
      draft.warnings.push_back(format("release {} was {} with {}, which this plan does not repeat",
                                      before.version, done, printable(line, 200)));
    }
  };
  if (const Revision* now = state.current()) warn_of(*now, "applied");
  if (state.staged && state.staged->digest == contents.digest()) warn_of(*state.staged, "staged");
}

void warn_about_unused(const release::ReleaseDocument& document, const release::Site& site,
                       std::vector<std::string>& warnings) {
  const release::Sealed sealed = release::sealed_keys(document.sealed, site.environment);
  for (const auto& [key, unused] : site.secrets) {
    if (document.contract.is_secret(key) || sealed.contains(key)) continue;
    warnings.push_back(format("site.yaml: the secret {} is none of this release's", key));
  }
  if (!document.contract.empty()) return;  // it refuses them
  for (const auto& [name, unused] : site.values) {
    if (document.environments.at(site.environment).contains(name)) continue;
    warnings.push_back(format("site.yaml: the value {} is used by nothing in this release", name));
  }
}

// A directory that `stage` has prepared for just this.
std::string staged_directory(const State& state, const Drivers& drivers, const Placement& wanted,
                             Content& content) {
  const Placement* staged = state.staged ? state.staged->placement_at(wanted.path) : nullptr;
  if (staged == nullptr || staged->table != wanted.table || staged->directory.empty() ||
      staged->owner != wanted.owner || staged->persist != wanted.persist) {
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

// The directory that stands there where only what is kept beside it changes, or what runs from it.
std::string standing_directory(const State& state, const Drivers& drivers, const Placement& wanted,
                               Content& content) {
  const Revision* now = state.current();
  const Placement* before = now == nullptr ? nullptr : now->placement_at(wanted.path);
  if (before == nullptr || before->table != wanted.table || before->owner != wanted.owner ||
      before->persist != wanted.persist ||
      (before->settings == wanted.settings && !release::is_runtime(wanted.driver))) {
    return "";
  }
  const bool whole = drivers.named(before->driver)
                         .inspect(*before, Thoroughness::by_receipt, Strangers::ignored, content)
                         .empty();
  return whole ? before->directory : "";
}

// The same release once more.
Revision restored(const Revision& target) {
  Revision outcome = target;
  outcome.placements.clear();
  outcome.restores = target.restores.value_or(target.number);
  outcome.changes.reset();
  return outcome;
}

// A table that was lost comes back from the bundle that was kept.
void keep_missing_table(const Layout& layout, const Placement& placement, SiteContent& content) {
  if (placement.directory.empty() || path_exists(table_file(layout, placement.table))) {
    return;
  }
  content.keep_table(placement.component);
}

// Wants what was placed once; where it is damaged, unpacked again from the bundle that was kept.
void want_again(const Placement& placement, const std::vector<Difference>& differences,
                SiteContent& content, const Installation& installation, const State& state,
                Drafting& drafting) {
  std::string ready = placement.directory;
  Placement wanted = placement;
  const bool is_only_elsewhere =
      differences.size() == 1 && differences.front().path == placement.path;
  if (!differences.empty() && !is_only_elsewhere && placement.images.empty()) {
    const std::size_t more = differences.size() - 1;
    drafting.draft().warnings.push_back(format(
        "{}/{}: {}: {}{}; it is unpacked again from the bundle that was kept", placement.path,
        placement.directory, printable(differences.front().path), differences.front().found,
        more == 0 ? std::string() : format(", and {} more", more)));
    ready.clear();
    // Secrets may have changed since: what is unpacked is what is recorded.
    if (drafting.has_bundle()) {
      wanted.table = content.keep_table(placement.component).digest;
    }
  }
  if (const auto assets = assets_of(placement.settings)) {
    wanted.settings = kept_settings_for(wanted, *assets, state, installation.layout);
  }
  const auto target = installation.site.targets.find(placement.target);
  drafting.want(std::move(wanted),
                target == installation.site.targets.end() ? release::Target{} : target->second,
                ready, placement.images.empty() ? differences : std::vector<Difference>());
}

}  // namespace

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
  check_values(contents, site, request.set);
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
        throw Error(Errc::incompatible,
                    format("components {} and {} both go to the target {}", other->second, row.name,
                           row.target),
                    "give each component a target of its own");
      }
      if (component.document.workload) {
        Placement wanted =
            placed_workload(component, target, content, contents, installation, drivers, problems);
        std::string ready = staged_directory(state, drivers, wanted, content);
        if (ready.empty()) ready = standing_directory(state, drivers, wanted, content);
        drafting.want(std::move(wanted), target, ready);
        continue;
      }
      if (!drivers.named(target.driver).accepts(row.artifact_type)) {
        throw Error(Errc::incompatible,
                    format("the target {} cannot take {}, which is {}", row.target, row.name,
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
      Placement wanted = placed_tree(component, target, content, std::move(settings));
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
  release::check_commands_allowed(document.hooks, document.health, "", site.allow, problems);
  judge_certificates(content.asked_for(), site,
                     believed_now(installation.layout, FixedClock(request.now)), problems,
                     drafting.draft().warnings);
  problems.throw_if_any(Errc::incompatible);
  drafting.drop_the_rest();
  warn_about_overrides(contents, state, installation.layout, drafting.draft());
  warn_about_services(contents, site, drafting.draft().warnings);
  if (!carries_flags) {
    for (const std::string& line : carry_over(changes_of(state.current()), {}).warnings) {
      drafting.draft().warnings.push_back(line);
    }
  }
  warn_about_unused(document, site, drafting.draft().warnings);
  drafting.draft().health = rendered_health(contents, values_for(contents, site, request.set),
                                            installation, drafting.placements());
  return drafting.finish();
}

Draft plan_rollback(const Revision& target, SiteContent& content, const Installation& installation,
                    const State& state, const Drivers& drivers, Thoroughness thoroughness,
                    const Request& request) {
  Drafting drafting(installation, state, drivers, content, request, restored(target));
  for (const Placement& placement : target.placements) {
    if (is_of_database(placement)) {
      drafting.want(placement, migrations_of(placement, content));
      continue;
    }
    if (target.digest) keep_missing_table(installation.layout, placement, content);
    want_again(placement,
               drivers.named(placement.driver)
                   .inspect(placement, thoroughness, Strangers::ignored, content),
               content, installation, state, drafting);
  }
  warn_about_certificates(installation, request.now, drafting.draft().warnings);
  drafting.drop_the_rest();
  drafting.draft().flags = compare(changes_of(state.current()), changes_of(&target));
  drafting.draft().health = kept_health(installation.layout, target.number);
  return drafting.finish();
}

Draft plan_repair(SiteContent& content, const Installation& installation, const State& state,
                  const Drivers& drivers, const Request& request) {
  const Revision& now = *state.current();
  Drafting drafting(installation, state, drivers, content, request, restored(now));
  for (const Placement& placement : now.placements) {
    if (is_of_database(placement)) {
      drafting.keep(placement);
      continue;
    }
    keep_missing_table(installation.layout, placement, content);
    want_again(
        placement,
        files_differ(drivers.named(placement.driver), placement, Thoroughness::by_content, content),
        content, installation, state, drafting);
  }
  drafting.draft().set = kept_overrides(installation.layout, now);
  drafting.draft().health = kept_health(installation.layout, now.number);
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
  drafting.draft().health = kept_health(installation.layout, now.number);
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
    const fs::path place = existing_part(need.path);
    Total& total = totals[status_of(place)->st_dev];
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
