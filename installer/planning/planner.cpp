// SPDX-License-Identifier: Apache-2.0
#include "installer/planning/planner.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "content/media_types.hpp"
#include "installer/content/kept_history.hpp"
#include "installer/content/kept_set.hpp"
#include "installer/content/site_values.hpp"
#include "installer/driver/differences.hpp"
#include "installer/drivers/databases/database_access.hpp"
#include "installer/drivers/s3/s3_settings.hpp"
#include "installer/planning/drafting.hpp"
#include "installer/planning/placing.hpp"
#include "installer/planning/ready_directory.hpp"
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
    const std::string near = nearest(name, known);
    warnings.push_back(format("site.yaml: no component has files of the service {}{}",
                              printable(name, 80),
                              near.empty() ? "" : format("; did you mean {}?", near)));
  }
}

// None where nothing is installed.
FlagChanges changes_of(const Revision* revision) {
  return installer::changes_of(revision == nullptr ? nullptr : revision->flags_placement());
}

// What the site has changed of its flags, as far as this release lets it stand.
SiteFlags flags_on(const release::Component& component, const bundle::Contents& contents,
                   SiteContent& content, const release::Site& site, const State& state,
                   const FlagChanges& brought, Draft& draft) {
  const Revision* now = state.current();
  SiteFlags flags{.environment = site.environment,
                  .changes = now == nullptr ? brought : changes_of(now)};
  // The same release again is not the next one.
  if (flags.changes.empty() || now == nullptr || now->digest == contents.digest()) return flags;
  CarriedFlags carried =
      carry_over(flags.changes, content.released_flags(component.row.name, flags.environment));
  flags.changes = std::move(carried.kept);
  draft.flags = std::move(carried.lines);
  for (std::string& warning : carried.warnings) draft.warnings.push_back(std::move(warning));
  return flags;
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

// A warning and no mistake: site.yaml may be ahead of the release, or serve the next one.
void warn_about_unused(const release::ReleaseDocument& document, const release::Site& site,
                       std::vector<std::string>& warnings) {
  const release::Sealed sealed = release::sealed_keys(document.sealed, site.environment);
  std::set<std::string> of_targets;
  for (const auto& [unused, target] : site.targets) {
    if (target.datadog) of_targets.insert({target.datadog->key, target.datadog->application_key});
    if (target.s3) of_targets.insert(target.s3->credentials.secret);
  }
  for (const auto& [key, unused] : site.secrets) {
    if (document.contract.is_secret(key) || sealed.contains(key) || of_targets.contains(key)) {
      continue;
    }
    warnings.push_back(format("site.yaml: the secret {} is none of this release's", key));
  }
  if (!document.contract.empty()) return;  // it refuses them
  for (const auto& [name, unused] : site.values) {
    if (document.environments.at(site.environment).contains(name)) continue;
    warnings.push_back(format("site.yaml: the value {} is used by nothing in this release", name));
  }
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

// The same release once more. A rollback to a rollback restores what that one restored, so chains
// do not grow.
Revision restored(const Revision& target) {
  Revision outcome = target;
  outcome.placements.clear();
  outcome.restores = target.restores.value_or(target.number);
  outcome.changes.reset();
  return outcome;
}

// A table that was lost or is damaged comes back from the bundle that was kept.
void keep_missing_table(const Layout& layout, const Placement& placement, SiteContent& content) {
  if (placement.directory.empty() || has_table(layout, placement.table)) return;
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

// From components of a release to wishes: where each goes on this site, and what is there already.
// In the order of the release. What is wrong with one component keeps no other from being looked
// at.
struct ComponentWishes {
  const bundle::Contents& contents;
  SiteContent& content;
  const Installation& installation;
  const State& state;
  const Drivers& drivers;
  const FlagChanges& brought;  // flags of a site that this one was
  Drafting& drafting;
  Problems& problems;
  std::map<std::string, std::string> taken = {};  // target -> the component that goes there
  bool carries_flags = false;

  // Error{incompatible} or Error{invalid_input} where this component cannot be placed.
  void want(const release::Component& component) {
    if (component.is_migrations()) return want_migrations(component);
    const release::Target& target = take_target(component);
    const Running running{.component = component,
                          .target = target,
                          .content = content,
                          .contents = contents,
                          .installation = installation,
                          .state = state,
                          .drivers = drivers};
    if (component.document.workload) {
      want_tree(placed_workload(running, problems), target);
      return;
    }
    const release::ComponentRow& row = component.row;
    if (!drivers.named(target.driver).accepts(row.artifact_type)) {
      throw Error(Errc::incompatible,
                  format("the target {} cannot take {}, which is {}", row.target, row.name,
                         printable(row.artifact_type)),
                  "use the installer that was delivered with the release");
    }
    if (component.is_images()) {
      drafting.want(placed_images(component, target, installation.id), target, "");
      return;
    }
    if (row.artifact_type == media_type::kObservability) {
      want_tree(placed_observability(running), target);
      return;
    }
    want_files(component, target);
  }

 private:
  void want_migrations(const release::Component& component) {
    Placement placement = placed_migrations(component, installation.site);
    content.keep_table(component);
    auto migrations = migrations_of(placement, content);
    drafting.want(std::move(placement), migrations);
  }

  // Several components of images may share a store, which has room for all names.
  const release::Target& take_target(const release::Component& component) {
    const release::ComponentRow& row = component.row;
    const release::Target& target = target_of(row, installation.site);
    const auto [other, fresh] = taken.emplace(row.target, row.name);
    if (!fresh && !component.is_images()) {
      throw Error(Errc::incompatible,
                  format("components {} and {} both go to the target {}", other->second, row.name,
                         row.target),
                  "give each component a target of its own");
    }
    return target;
  }

  void want_files(const release::Component& component, const release::Target& target) {
    Json settings;
    if (component.row.artifact_type == media_type::kFlags) {
      carries_flags = true;
      SiteFlags flags = flags_on(component, contents, content, installation.site, state, brought,
                                 drafting.draft());
      settings = to_settings(flags);
      content.set_flags(component.row.name, std::move(flags));
    }
    Placement wanted = placed_tree(component, target, content, std::move(settings));
    if (component.is_assets()) {
      wanted.settings =
          kept_settings_for(wanted, component.document.assets, state, installation.layout);
    }
    for (std::string& warning : kept_warnings(wanted, content)) {
      drafting.draft().warnings.push_back(std::move(warning));
    }
    if (target.s3) {
      wanted.settings =
          to_json(s3_settings(*target.s3, component.document.assets, wanted.settings));
    }
    want_tree(std::move(wanted), target);
  }

  void want_tree(Placement wanted, const release::Target& target) {
    std::string ready = lying_directory(state, installation, drivers, wanted, content);
    if (ready.empty()) ready = standing_directory(state, drivers, wanted, content);
    drafting.want(std::move(wanted), target, ready);
  }
};

}  // namespace

std::vector<Digest> payload_of_plan(const bundle::Contents& contents) {
  std::set<Digest> wanted;
  for (const release::Component& component : contents.components) {
    if (component.is_images()) continue;
    wanted.insert(component.file_table().digest);
    if (component.is_assets()) continue;
    for (const content::Descriptor& layer : component.manifest.layers) wanted.insert(layer.digest);
  }
  return {wanted.begin(), wanted.end()};
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
  check_values(contents, site, request.set);
  drafting.draft().set = request.set;
  Problems problems;
  ComponentWishes wishes{.contents = contents,
                         .content = content,
                         .installation = installation,
                         .state = state,
                         .drivers = drivers,
                         .brought = request.flags,
                         .drafting = drafting,
                         .problems = problems};
  for (const release::Component& component : contents.components) {
    if (component.row.optional && !site.takes(component.row.name)) continue;
    try {
      wishes.want(component);
    } catch (const Error& error) {
      if (error.code() != Errc::incompatible && error.code() != Errc::invalid_input) throw;
      problems.add(error.code() == Errc::invalid_input
                       ? error.within(format("component {}", component.row.name))
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
  if (!wishes.carries_flags) {
    for (const std::string& line : carry_over(changes_of(state.current()), {}).warnings) {
      drafting.draft().warnings.push_back(line);
    }
  }
  warn_about_unused(document, site, drafting.draft().warnings);
  drafting.draft().health = rendered_health(contents, values_for(contents, site, request.set),
                                            installation, drafting.placements());
  leave_out(request.without_checks, drafting.draft().health);
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

Draft plan_uninstall(Content& content, const Installation& installation, const State& state,
                     const Drivers& drivers, const Request& request) {
  Revision outcome = *state.current();
  outcome.bundle.clear();
  outcome.placements.clear();
  outcome.restores.reset();
  outcome.changes.reset();
  Drafting drafting(installation, state, drivers, content, request, std::move(outcome));
  drafting.drop_the_rest();
  drafting.draft().flags = compare(changes_of(state.current()), {});
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

}  // namespace sealift::installer
