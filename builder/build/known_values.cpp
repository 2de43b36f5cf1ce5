// SPDX-License-Identifier: Apache-2.0
#include "builder/build/known_values.hpp"

#include "release/documents/image_entry.hpp"
#include "release/templates/settings.hpp"
#include "release/templates/template.hpp"
#include "release/values/target_values.hpp"
#include "release/values/tls.hpp"

namespace sealift::builder {

namespace {

// Two values as different as the key allows: a text that is there and one that is empty, two
// numbers, both booleans.
Json stand_in(const release::Key* key, StandIns round) {
  const bool is_first = round == StandIns::first;
  if (key != nullptr && !key->choices.empty()) {
    const Json& choice = is_first ? key->choices.front() : key->choices.back();
    return key->type == "list" ? Json(Json::Array{choice}) : choice;
  }
  if (key == nullptr || key->type == "text") return is_first ? "text" : "";
  if (key->type == "integer") return is_first ? 1 : 2;
  if (key->type == "boolean") return is_first;
  return is_first ? Json::array() : Json(Json::Array{Json("text")});
}

}  // namespace

release::Values known_to_all(const std::vector<BuiltComponent>& built) {
  release::Values values = release::builtin_values("", "", "");
  std::vector<std::string> images;
  for (const BuiltComponent& component : built) {
    for (const release::CarriedImage& image : component.component.document.images) {
      images.push_back(image.name);
    }
  }
  for (const auto& [image, name] : release::image_value_names(images)) values[name] = image;
  for (const BuiltComponent& component : built) {
    if (component.component.is_assets()) values.merge(asset_values(component.component));
    // Where targets of files are is each site's, too.
    const release::Component& row = component.component;
    if (!row.is_images() && !row.is_migrations()) {
      values[release::target_value(row.row.target)] = "/srv";
    }
    // Certificates are each site's: what a release knows of them are their names.
    for (const ValueUse& use : component.uses) {
      if (!release::tls_name(use.name).empty()) values[use.name] = "";
    }
  }
  return values;
}

std::set<std::string> secrets_in(const release::Release& release,
                                 const release::Environment& environment) {
  std::set<std::string> secrets = release::sealed_keys(release.sealed, environment.name);
  for (const auto& [key, declared] : release.contract.keys()) {
    if (declared.secret) secrets.insert(key);
  }
  return secrets;
}

release::Values values_in(const release::Release& release,
                          const release::Environment& environment) {
  release::Values values =
      values_of(release.contract, merge(release.contract, environment.values, {}, {}));
  for (const std::string& key : secrets_in(release, environment)) values[key] = "text";
  return values;
}

// A key that only the contract knows has a stand-in as well, for a site may set it.
release::Values stand_ins_in(const release::Release& release,
                             const release::Environment& environment, StandIns round) {
  release::Values values = values_in(release, environment);
  for (const auto& [name, unused] : release.contract.keys()) values.emplace(name, nullptr);
  const std::set<std::string> secrets = secrets_in(release, environment);
  for (auto& [name, value] : values) {
    if (!value.is_null() && !secrets.contains(name)) continue;
    value = stand_in(release.contract.find(name), round);
  }
  values.merge(release::builtin_values(release.name, release.version.str(), environment.name));
  return values;
}

}  // namespace sealift::builder
