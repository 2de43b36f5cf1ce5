// SPDX-License-Identifier: Apache-2.0
#include "installer/content/site_values.hpp"

#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/content/delivered_images.hpp"
#include "installer/records/placed_image.hpp"
#include "release/documents/image_entry.hpp"
#include "release/templates/template.hpp"
#include "release/values/target_values.hpp"
#include "release/values/tls.hpp"

namespace sealift::installer {

namespace {

// What templates call the images, as a site has them. Only those of components that this site
// takes.
release::Values image_values(const bundle::Contents& contents, const release::Site& site) {
  std::vector<std::string> all;
  for (const release::Component& component : contents.components) {
    for (const release::CarriedImage& image : component.document.images) all.push_back(image.name);
  }
  const std::map<std::string, std::string> names = release::image_value_names(all);
  release::Values values;
  for (const auto& [image, pin] : image_pins(contents, site)) {
    if (const auto name = names.find(image); name != names.end()) values[name->second] = pin;
  }
  return values;
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

}  // namespace

// Only those of components whose target site.yaml has.
std::map<std::string, std::string> image_pins(const bundle::Contents& contents,
                                              const release::Site& site) {
  std::map<std::string, std::string> pins;
  for (const release::Component& component : contents.components) {
    const auto target = site.targets.find(component.row.target);
    if (!component.is_images() || target == site.targets.end()) continue;
    for (const PlacedImage& image : images_on(component, target->second)) {
      pins[image.name] = pinned(image, target->second.driver);
    }
  }
  return pins;
}

// From weak to strong: the contract's defaults, the environment, site.yaml, --set.
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
  for (const auto& [name, target] : site.targets) {
    if (!target.path.empty()) values.emplace(release::target_value(name), target.path);
  }
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

// Each breach is said at the place where the value was given, since that is where it is corrected.
void check_values(const bundle::Contents& contents, const release::Site& site,
                  const release::Values& set) {
  refuse_clear_secrets(contents.document, site);
  const release::Settings settings = settings_for(contents, site, set);
  const auto place = [&](const std::string& key) {
    const auto setting = settings.find(key);
    if (setting == settings.end() || setting->second.value.is_null()) {
      return format("site.yaml: the value {}", key);
    }
    switch (setting->second.source) {
      case release::Origin::site:
        return site.places.at(key) + ":";
      case release::Origin::command_line:
        return format("--set {}:", key);
      case release::Origin::contract:
      case release::Origin::environment:
        break;
    }
    return format("the release: environment {}: {}:", site.environment, key);
  };
  std::vector<Problem> problems;
  for (const release::Breach& breach : release::breaches(contents.document.contract, settings,
                                                         secrets_given(contents.document, site))) {
    problems.push_back({format("{} {}", place(breach.key), breach.found), breach.hint});
  }
  if (!problems.empty()) throw Error(Errc::incompatible, std::move(problems));
}

}  // namespace sealift::installer
