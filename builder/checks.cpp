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

}  // namespace

void check_values(const release::Release& release, const std::vector<BuiltComponent>& built) {
  Problems problems;
  std::set<std::string> used;
  const release::Values builtins = known_to_all(built);
  for (const BuiltComponent& component : built) {
    for (const ValueUse& use : component.uses) used.insert(use.name);
  }
  for (const release::Environment& environment : release.environments) {
    std::vector<std::string> known;
    for (const auto& [name, unused] : environment.values) known.push_back(name);
    for (const BuiltComponent& component : built) {
      for (const ValueUse& use : component.uses) {
        if (environment.values.contains(use.name) || builtins.contains(use.name)) continue;
        const std::string near = release::nearest(use.name, known);
        problems.add(format("components.{}: {}: environments/{}.yaml has no value named \"{}\"",
                            component.component.row.name, use.where, environment.name, use.name),
                     near.empty() ? "add it there; leave it empty where each site must set its own"
                                  : format("did you mean \"{}\"?", near));
      }
    }
    for (const std::string& name : known) {
      if (used.contains(name)) continue;
      problems.add(format("environments/{}.yaml: the value \"{}\" is used by no template",
                          environment.name, name),
                   "remove it, or use it");
    }
  }
  problems.throw_if_any(Errc::invalid_input);
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
    refuse(format("the release has no environment \"{}\"", site.environment));
    return;
  }
  for (const auto& [name, unused] : site.values) {
    if (!environment->values.contains(name)) {
      refuse(format("the value \"{}\" is used by no template", name), "remove it");
    }
  }
  const release::Values values = release::merge(environment->values, site.values);
  std::set<std::string> reported;
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
    for (const ValueUse& use : component.uses) {
      const auto value = values.find(use.name);
      if (value == values.end() || !value->second.is_null()) continue;
      if (reported.insert(use.name).second) {
        refuse(format("the value {} is not set", use.name), "add it to values");
      }
    }
  }
}

}  // namespace sealift::builder
