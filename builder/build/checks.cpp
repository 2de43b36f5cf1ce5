// SPDX-License-Identifier: Apache-2.0
#include "builder/build/checks.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/nearest.hpp"
#include "builder/build/compose_check.hpp"
#include "builder/build/health_components.hpp"
#include "builder/build/known_values.hpp"
#include "builder/build/kubernetes_check.hpp"
#include "builder/build/observability_check.hpp"
#include "builder/build/reach_check.hpp"
#include "builder/kind/templates.hpp"
#include "content/image_name.hpp"
#include "release/site_file/site.hpp"
#include "release/templates/references.hpp"
#include "release/templates/template.hpp"
#include "release/text/schema.hpp"
#include "release/values/target_values.hpp"
#include "release/values/tls.hpp"

namespace sealift::builder {

namespace {

// Where messages say that a value is used. Checks and hooks have no component.
std::string place_of(const BuiltComponent& built) {
  const std::string& name = built.component.row.name;
  return name.empty() ? "health" : format("components.{}", name);
}

// What a mistake in one of its templates may mean; only files can be raw.
std::string_view braces_of_others(const BuiltComponent& built) {
  return built.component.row.name.empty() ? release::kBracesOfOthers : kBracesOfOtherPrograms;
}

// What a release asks or runs on a site, each with its place in release.yaml.
std::vector<std::pair<std::string, const release::HealthCheck*>> commands_and_checks(
    const release::Release& release) {
  std::vector<std::pair<std::string, const release::HealthCheck*>> all;
  for (std::size_t i = 0; i < release.health.size(); ++i) {
    all.emplace_back(release.health_places[i], &release.health[i]);
  }
  for (std::size_t i = 0; i < release.hooks.size(); ++i) {
    all.emplace_back(release.hook_places[i], &release.hooks[i].run);
  }
  return all;
}

// The health checks and hooks as templates of values, beside those of the components. A component
// without a name, so that everything that looks at templates looks at these too. Its digests stand
// for nothing.
BuiltComponent health_of(const release::Release& release) {
  BuiltComponent health{.component = {.row = {},
                                      .document = {},
                                      .manifest = {.artifact_type = {},
                                                   .config = {.media_type = {},
                                                              .digest = Digest::of(""),
                                                              .size = 0,
                                                              .artifact_type = {},
                                                              .annotations = {}},
                                                   .layers = {},
                                                   .subject = {}}},
                        .uses = {}};
  for (const auto& [where, check] : commands_and_checks(release)) {
    for (const std::string& key : check->keys) {
      health.uses.push_back({.name = key, .where = where + ".env"});
    }
    for (release::Template& each : release::templates_of(*check, where)) {
      for (const release::TemplateUse& use : each.uses()) {
        health.uses.push_back({.name = use.name,
                               .where = where,
                               .guarded = use.guarded,
                               .sections = each.sections_around(use)});
      }
      health.templates.push_back(std::move(each));
    }
  }
  return health;
}

// A copy, since what is built goes on without it.
std::vector<BuiltComponent> with_health(const release::Release& release,
                                        const std::vector<BuiltComponent>& built) {
  std::vector<BuiltComponent> all = built;
  if (!commands_and_checks(release).empty()) all.push_back(health_of(release));
  return all;
}

// What a check asks and finds is shown and kept. Also through values that refer to a secret; each
// place is named once.
void check_secrets_in_health(const release::Release& release, Problems& problems) {
  std::set<std::string> secrets;
  for (const auto& [key, declared] : release.contract.keys()) {
    if (declared.secret) secrets.insert(key);
  }
  for (const release::Environment& environment : release.environments) {
    secrets.merge(release::sealed_keys(release.sealed, environment.name));
  }
  std::set<std::string> reported;
  for (const ValueUse& use : health_of(release).uses) {
    for (const release::Environment& environment : release.environments) {
      for (const std::string& name : release::reached_from(use.name, environment.values)) {
        if (!secrets.contains(name) || !reported.insert(use.where + name).second) continue;
        problems.add(format("{}: uses {}, which is a secret", use.where, name),
                     "what a check or hook runs and finds is shown and kept: use something that "
                     "needs no secret");
      }
    }
  }
}

// What templates use, and what the values that they use refer to. A value that only another value
// refers to is used as well.
std::set<std::string> used_by(const std::vector<BuiltComponent>& built,
                              const release::Values& values) {
  std::set<std::string> used;
  for (const BuiltComponent& component : built) {
    for (const ValueUse& use : component.uses) {
      used.merge(release::reached_from(use.name, values));
    }
  }
  return used;
}

// What templates would refuse of those values; what is not set yet is passed over.
void check_templates(const std::vector<BuiltComponent>& built, const release::Values& values,
                     const std::string& where, Problems& problems) {
  const auto gather = [&](const std::string& at, auto&& work) {
    try {
      work();
    } catch (const Error& error) {
      problems.add(error.within(at));
    }
  };
  release::Values all = release::merge(known_to_all(built), values);
  gather(where, [&] { all = release::resolve(all); });
  for (const BuiltComponent& component : built) {
    const std::string at = format("{}: {}", where, place_of(component));
    for (const release::Template& each : component.templates) {
      gather(at, [&] {
        try {
          each.check(all);
        } catch (const Error& error) {
          throw error.advising(braces_of_others(component));
        }
      });
    }
  }
}

// Where there is no contract, each environment declares its own values.
void check_listed(const release::Release& release, const release::Environment& environment,
                  const std::vector<BuiltComponent>& built, const release::Values& builtins,
                  Problems& problems) {
  const release::Values values = values_in(release, environment);
  const std::set<std::string> used = used_by(built, values);
  std::vector<std::string> known;
  for (const auto& [name, unused] : environment.values) known.push_back(name);
  for (const BuiltComponent& component : built) {
    for (const ValueUse& use : component.uses) {
      if (values.contains(use.name) || builtins.contains(use.name)) continue;
      if (release::may_be_field(use.name, use.sections, values)) continue;
      const std::string near = nearest(use.name, known);
      problems.add(format("{}: {}: {} has no value named \"{}\"", place_of(component), use.where,
                          environment.file, use.name),
                   near.empty() ? format("add it there; {}; {}",
                                         release::left_to_sites(environment, use.name),
                                         braces_of_others(component))
                                : format("did you mean \"{}\"?", near));
    }
  }
  for (const std::string& name : known) {
    if (used.contains(name)) continue;
    problems.add(
        format("{}: the value \"{}\" is used by no template", environment.place(name), name),
        "remove it, or use it");
  }
}

// With a contract: a name counts as known wherever it is declared, and a declared key has to be
// used somewhere, or nobody would notice when its meaning is gone.
void check_declared(const release::Release& release, const std::vector<BuiltComponent>& built,
                    const release::Values& builtins, Problems& problems) {
  const release::Contract& contract = release.contract;
  std::vector<release::Values> environments;
  std::set<std::string> used;
  for (const release::Environment& environment : release.environments) {
    environments.push_back(values_in(release, environment));
    used.merge(used_by(built, environments.back()));
  }
  for (const BuiltComponent& component : built) {
    for (const ValueUse& use : component.uses) {
      if (contract.find(use.name) != nullptr || builtins.contains(use.name)) continue;
      if (std::any_of(environments.begin(), environments.end(), [&](const auto& values) {
            return release::may_be_field(use.name, use.sections, values);
          })) {
        continue;
      }
      problems.add(format("{}: {}: found the value \"{}\", which "
                          "environments/schema.json does not declare",
                          place_of(component), use.where, use.name),
                   format("{}; {}", contract.hint_for(use.name), braces_of_others(component)));
    }
  }
  for (const auto& [name, key] : contract.keys()) {
    if (key.secret || used.contains(name)) continue;  // a site's fence may need a secret
    problems.add(format("{}: is declared and used by no template", contract.place(name)),
                 "remove it, or use it");
  }
}

// Where there is no contract: what a site sets and nobody uses, and what it lacks.
void check_unlisted(const release::Environment& environment, const release::Site& site,
                    const std::vector<BuiltComponent>& built, const fs::path& file,
                    Problems& problems) {
  for (const auto& [name, unused] : site.values) {
    if (environment.values.contains(name)) continue;
    problems.add(format("{}: the value \"{}\" is used by no template", file.string(), name),
                 "remove it");
  }
  const release::Values values = release::merge(environment.values, site.values);
  std::set<std::string> reported;
  for (const BuiltComponent& component : built) {
    const release::ComponentRow& row = component.component.row;
    if (row.optional && !site.takes(row.name)) continue;
    for (const ValueUse& use : component.uses) {
      // A template that asks whether a value is there has an answer for a site that has none.
      if (use.guarded) continue;
      for (const std::string& name : release::reached_from(use.name, values)) {
        const auto value = values.find(name);
        if (value == values.end() || !value->second.is_null()) continue;
        if (!reported.insert(name).second) continue;
        problems.add(format("{}: the value {} is not set", file.string(), name),
                     "add it to values");
      }
    }
  }
}

// Folders that a site wants to be backed up and the release does not keep. A warning would be
// overlooked: the site believes in a backup that is not made.
void check_backups(const std::vector<BuiltComponent>& built, const release::Site& site,
                   const fs::path& file, Problems& problems) {
  for (const auto& [name, target] : site.targets) {
    for (const std::string& folder : target.backup) {
      const bool is_kept =
          std::any_of(built.begin(), built.end(), [&, &name = name](const BuiltComponent& each) {
            const std::vector<std::string>& kept = each.component.document.persist;
            return each.component.row.target == name &&
                   std::find(kept.begin(), kept.end(), folder) != kept.end();
          });
      if (is_kept) continue;
      problems.add(
          format("{}: targets.{}.backup: found {}, which no component of the release keeps "
                 "there",
                 file.string(), name, printable(folder, 200)),
          format("name a folder of the component's persist, or add persist: [{}] to it",
                 printable(folder, 200)));
    }
  }
}

// A site may run a service by other means, so this is no mistake.
void check_services(const release::Component& component, const release::Site& site,
                    const fs::path& file) {
  for (const auto& [service, unused] : component.document.services) {
    if (site.services.contains(service)) continue;
    log::warning(
        format("{}: has no service \"{}\": when its files in component {} change, nothing "
               "is restarted",
               file.string(), service, component.row.name));
  }
}

// Certificates and paths are the site's. A target of what is optional may be missing.
void check_places(const BuiltComponent& component, const release::Site& site, const fs::path& file,
                  Problems& problems) {
  std::set<std::string> reported;
  const auto ask = [&](const std::string& name, bool there, const ValueUse& use, const char* what) {
    if (there || !reported.insert(name).second) return;
    problems.add(format("{}: has no {}, which {} of component {} asks for", file.string(), name,
                        use.where, component.component.row.name),
                 format("add {} with its {}", name, what));
  };
  for (const ValueUse& use : component.uses) {
    const std::string tls(release::tls_name(use.name));
    if (!tls.empty()) ask("tls." + tls, site.tls.contains(tls), use, "certificate and key");
    const std::string target(release::target_name(use.name));
    const auto found = site.targets.find(target);
    const bool has_path = found != site.targets.end() && !found->second.path.empty();
    if (!target.empty()) ask("targets." + target, has_path, use, "driver and path");
  }
}

// What the contract says of a site's own values. What an environment says wrongly is said of it.
void check_settings(const release::Release& release, const release::Environment& environment,
                    const release::Site& site, const fs::path& file, Problems& problems) {
  release::Sealed sealed = release::sealed_keys(release.sealed, environment.name);
  for (const auto& [key, unused] : site.secrets) sealed.insert(key);
  const release::Settings settings =
      release::merge(release.contract, environment.values, site.values, {});
  for (const release::Breach& breach : release::breaches(release.contract, settings, sealed)) {
    if (site.values.contains(breach.key)) {
      problems.add(format("{}: {}", site.places.at(breach.key), breach.found), breach.hint);
    } else if (const auto value = environment.values.find(breach.key);
               value != environment.values.end() && value->second.is_null()) {
      problems.add(format("{}: the value {} {}", file.string(), breach.key, breach.found),
                   breach.hint);
    }
  }
}

}  // namespace

// Every environment, also those that no site of this build has.
void check_environments(const release::Release& release, Problems& problems) {
  for (const release::Environment& environment : release.environments) {
    for (const Problem& mistake :
         release::mistakes_in(release.contract, environment,
                              release::sealed_keys(release.sealed, environment.name))) {
      problems.add(mistake.message, mistake.hint);
    }
  }
}

void check_values(const release::Release& release, const std::vector<BuiltComponent>& components,
                  Problems& problems) {
  check_secrets_in_health(release, problems);
  check_components_in_health(release, problems);
  const std::vector<BuiltComponent> built = with_health(release, components);
  const release::Values builtins = known_to_all(built);
  if (release.contract.empty()) {
    for (const release::Environment& environment : release.environments) {
      check_listed(release, environment, built, builtins, problems);
    }
  } else {
    check_declared(release, built, builtins, problems);
  }
  if (!problems.empty()) return;  // templates would only repeat them
  for (const release::Environment& environment : release.environments) {
    check_templates(built, values_in(release, environment), environment.file, problems);
  }
}

// An image that nothing names is a warning: it may be for a program that is not of the release.
void check_image_references(const std::vector<BuiltComponent>& built, std::set<std::string> used,
                            Problems& problems) {
  std::vector<std::string> carried;
  for (const BuiltComponent& component : built) {
    for (const release::CarriedImage& image : component.component.document.images) {
      carried.push_back(image.name);
    }
  }
  for (const BuiltComponent& component : built) {
    const std::string& name = component.component.row.name;
    for (const ValueUse& use : component.uses) used.insert(use.name);
    for (const ValueUse& reference : component.image_references) {
      const std::string where = format("components.{}: {}", name, reference.where);
      try {
        content::ImageName image = content::ImageName::parse(reference.name);
        // What an engine takes for a name without a tag; a digest was compared where the file was
        // read.
        if (image.tag.empty() && !image.digest) image.tag = "latest";
        image.digest.reset();
        used.insert(image.str());
        if (std::find(carried.begin(), carried.end(), image.str()) != carried.end()) continue;
        problems.add(
            format("{}: names the image {}, which no component carries", where, image.str()),
            "add it to a component of images");
      } catch (const Error& error) {
        problems.add(error.within(where));
      }
    }
  }
  for (const auto& [image, value] : release::image_value_names(carried)) {
    if (used.contains(image) || used.contains(value)) continue;
    log::warning(
        format("the image {} is named by nothing; templates call it {{{{{}}}}}", image, value));
  }
}

// Without its environment nothing else of a site can be judged.
void check_site(const release::Release& release, const std::vector<BuiltComponent>& built,
                const fs::path& file, Problems& problems) {
  const release::Site site = release::load_site(file);
  const auto refuse = [&](const std::string& found, const std::string& hint = {}) {
    problems.add(format("{}: {}", file.string(), found), hint);
  };
  if (site.release != release.name) {
    refuse(format("takes the release \"{}\", expected \"{}\"", site.release, release.name));
  }
  const auto environment =
      std::find_if(release.environments.begin(), release.environments.end(),
                   [&](const auto& each) { return each.name == site.environment; });
  if (environment == release.environments.end()) {
    refuse(format("the release has no environment \"{}\"", site.environment),
           "correct environment there, or add it to environments in release.yaml");
    return;
  }
  if (release.contract.empty()) {
    check_unlisted(*environment, site, with_health(release, built), file, problems);
  } else {
    check_settings(release, *environment, site, file, problems);
  }
  for (const release::HealthCheck& check : release.health) {
    if (check.probe != release::Probe::sql || site.databases.contains(check.at)) continue;
    refuse(format("has no database \"{}\" for health check {}", check.at, check.name),
           "add it to databases");
  }
  check_templates(with_health(release, built),
                  release::merge(values_in(release, *environment), site.values), file.string(),
                  problems);
  check_compose_at(release, built, *environment, site, file, problems);
  check_kubernetes_at(release, built, *environment, site, file, problems);
  check_observability_at(release, built, *environment, site, file, problems);
  check_reach_at(release, built, *environment, site, file, problems);
  check_backups(built, site, file, problems);
  for (const BuiltComponent& component : built) {
    const release::ComponentRow& row = component.component.row;
    if (row.optional && !site.takes(row.name)) continue;
    if (component.component.is_migrations()) {
      if (!site.databases.contains(row.target)) {
        refuse(format("has no database \"{}\" for component {}", row.target, row.name),
               "add it to databases");
      }
    } else if (!site.targets.contains(row.target)) {
      refuse(format("has no target \"{}\" for component {}", row.target, row.name),
             "add it to targets");
    }
    check_services(component.component, site, file);
    check_places(component, site, file, problems);
  }
}

}  // namespace sealift::builder
