// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/s3/s3_settings.hpp"

#include "installer/content/kept_set.hpp"

namespace sealift::installer {

Json to_json(const S3Settings& settings) {
  return {{"store", release::to_json(settings.store)},
          {"serve", release::to_json(settings.serving)},
          {"before", settings.before}};
}

S3Settings s3_settings_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  S3Settings settings{
      .store = release::s3_target_from_json(fields.object("store"), fields.at("store")),
      .serving = release::serving_from_json(fields.array("serve"), fields.at("serve")),
      .before = fields.texts("before")};
  fields.done();
  return settings;
}

S3Settings s3_settings_of(const Placement& placement) {
  return s3_settings_from_json(placement.settings, placement.component + ".settings");
}

S3Settings s3_settings(const release::S3Target& target, const release::CarriedAssets& assets,
                       const Json& kept) {
  S3Settings settings{.store = target, .serving = assets.serving, .before = {}};
  if (const auto known = kept_settings_from_json(kept, "settings")) {
    for (const KeptRelease& each : known->before) settings.before.push_back(each.directory);
  }
  return settings;
}

}  // namespace sealift::installer
