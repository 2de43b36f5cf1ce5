// SPDX-License-Identifier: Apache-2.0
#include "builder/checks.hpp"

#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "base/log.hpp"
#include "content/image_name.hpp"
#include "release/schema.hpp"
#include "release/site.hpp"
#include "release/template.hpp"

namespace sealift::builder {

namespace {

// What templates may use without any environment's saying so.
release::Values known_to_all(const std::vector<BuiltComponent>& built) {
  release::Values values = release::builtin_values("", "", "");
  std::vector<std::string> images;
  for (const BuiltComponent& component : built) {
    for (const release::CarriedImage& image : component.component.document.images) {
      images.push_back(image.name);
    }
  }
  for (const auto& [unused, name] : release::image_value_names(images)) values[name] = "";
  return values;
}

// Where there is no contract, each environment declares its own values.
void check_listed(const release::Environment& environment, const std::vector<BuiltComponent>& built,
                  const release::Values& builtins, const std::set<std::string>& used,
                  Problems& problems) {
  std::vector<std::string> known;
  for (const auto& [name, unused] : environment.values) known.push_back(name);
  for (const BuiltComponent& component : built) {
    for (const ValueUse& use : component.uses) {
      if (environment.values.contains(use.name) || builtins.contains(use.name)) continue;
      const std::string near = release::nearest(use.name, known);
      problems.add(format("components.{}: {}: {} has no value named \"{}\"",
                          component.component.row.name, use.where, environment.file, use.name),
                   near.empty() ? "add it there; leave it empty where each site must set its own"
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

void check_declared(const release::Contract& contract, const std::vector<BuiltComponent>& built,
                    const release::Values& builtins, const std::set<std::string>& used,
                    Problems& problems) {
  for (const BuiltComponent& component : built) {
    for (const ValueUse& use : component.uses) {
      if (contract.find(use.name) != nullptr || builtins.contains(use.name)) continue;
      problems.add(format("components.{}: {}: found the value \"{}\", which "
                          "environments/schema.json does not declare",
                          component.component.row.name, use.where, use.name),
                   contract.hint_for(use.name));
    }
  }
  for (const auto& [name, unused] : contract.keys()) {
    if (used.contains(name)) continue;
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
      const auto value = values.find(use.name);
      if (value == values.end() || !value->second.is_null()) continue;
      if (!reported.insert(use.name).second) continue;
      problems.add(format("{}: the value {} is not set", file.string(), use.name),
                   "add it to values");
    }
  }
}

// What the contract says of a site's own values. What an environment says wrongly is said of it.
void check_settings(const release::Release& release, const release::Environment& environment,
                    const release::Site& site, const fs::path& file, const release::Sealed& sealed,
                    Problems& problems) {
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

void check_environments(const release::Release& release, const SealedIn& sealed,
                        Problems& problems) {
  for (const release::Environment& environment : release.environments) {
    const auto names = sealed.find(environment.name);
    for (const Problem& mistake :
         release::mistakes_in(release.contract, environment,
                              names == sealed.end() ? release::Sealed{} : names->second)) {
      problems.add(mistake.message, mistake.hint);
    }
  }
}

void check_values(const release::Release& release, const std::vector<BuiltComponent>& built,
                  Problems& problems) {
  std::set<std::string> used;
  for (const BuiltComponent& component : built) {
    for (const ValueUse& use : component.uses) used.insert(use.name);
  }
  const release::Values builtins = known_to_all(built);
  if (!release.contract.empty()) {
    check_declared(release.contract, built, builtins, used, problems);
    return;
  }
  for (const release::Environment& environment : release.environments) {
    check_listed(environment, built, builtins, used, problems);
  }
}

void check_image_references(const std::vector<BuiltComponent>& built, Problems& problems) {
  std::vector<std::string> carried;
  for (const BuiltComponent& component : built) {
    for (const release::CarriedImage& image : component.component.document.images) {
      carried.push_back(image.name);
    }
  }
  std::set<std::string> used;
  for (const BuiltComponent& component : built) {
    const std::string& name = component.component.row.name;
    for (const ValueUse& use : component.uses) used.insert(use.name);
    for (const ValueUse& reference : component.image_references) {
      const std::string where = format("components.{}: {}", name, reference.where);
      try {
        content::ImageName image = content::ImageName::parse(reference.name);
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

void check_site(const release::Release& release, const std::vector<BuiltComponent>& built,
                const fs::path& file, const SealedIn& sealed, Problems& problems) {
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
    refuse(format("the release has no environment \"{}\"", site.environment));
    return;
  }
  const auto names = sealed.find(site.environment);
  if (release.contract.empty()) {
    check_unlisted(*environment, site, built, file, problems);
  } else {
    check_settings(release, *environment, site, file,
                   names == sealed.end() ? release::Sealed{} : names->second, problems);
  }
  for (const BuiltComponent& component : built) {
    const release::ComponentRow& row = component.component.row;
    if (row.optional && !site.takes(row.name)) continue;
    if (component.component.is_migrations()) {
      if (!site.databases.contains(row.target)) {
        refuse(format("has no database \"{}\" for component {}", row.target, row.name),
               "add it to databases");
      }
    } else if (!site.targets.contains(row.target)) {
      refuse(format("has no target \"{}\" for component {}", row.target, row.name));
    }
  }
}

}  // namespace sealift::builder
