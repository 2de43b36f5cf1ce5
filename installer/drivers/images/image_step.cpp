// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/images/image_step.hpp"

#include "base/format.hpp"

namespace sealift::installer {

ImageSettings image_settings(const release::Target& target, const std::string& site) {
  return {.site = site,
          .path = target.path,
          .command = target.command,
          .ca = target.ca,
          .insecure = target.insecure};
}

Json to_json(const ImageSettings& settings) {
  Json value = {{"site", settings.site}};
  if (!settings.path.empty()) value["path"] = settings.path;
  if (!settings.command.empty()) value["command"] = settings.command;
  if (!settings.ca.empty()) value["ca"] = settings.ca;
  if (settings.insecure) value["insecure"] = true;
  return value;
}

ImageSettings image_settings_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  ImageSettings settings{.site = fields.text("site"),
                         .path = fields.text_if("path").value_or(""),
                         .command = {},
                         .ca = fields.text_if("ca").value_or(""),
                         .insecure = false};
  if (fields.value_if("command") != nullptr) settings.command = fields.texts("command");
  if (fields.value_if("insecure") != nullptr) settings.insecure = fields.flag("insecure");
  fields.done();
  return settings;
}

ImageSettings image_settings_of(const Placement& placement) {
  return image_settings_from_json(placement.settings,
                                  format("placement {}: settings", placement.component));
}

Json to_json(const Loading& loading) {
  return {{"image", to_json(loading.image)}, {"settings", to_json(loading.settings)}};
}

Loading loading_from_json(const Step& step) {
  Fields fields(step.data, step.id);
  Loading loading{
      .image = placed_image_from_json(fields.object("image"), fields.at("image")),
      .settings = image_settings_from_json(fields.object("settings"), fields.at("settings"))};
  fields.done();
  return loading;
}

Json to_json(const Naming& naming) {
  return {{"reference", naming.reference},
          {"to", naming.to},
          {"from", naming.from},
          {"settings", to_json(naming.settings)}};
}

Naming naming_from_json(const Step& step) {
  Fields fields(step.data, step.id);
  Naming naming{
      .reference = fields.text("reference"),
      .to = fields.text("to"),
      .from = fields.text("from"),
      .settings = image_settings_from_json(fields.object("settings"), fields.at("settings"))};
  fields.done();
  return naming;
}

}  // namespace sealift::installer
