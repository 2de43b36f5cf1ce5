// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/s3/s3_step.hpp"

#include <algorithm>

namespace sealift::installer {

Json to_json(const Sending& sending) {
  return {{"settings", to_json(sending.settings)},
          {"site", sending.site},
          {"target", sending.target},
          {"directory", sending.directory},
          {"table", sending.table.str()}};
}

Sending sending_from_json(const Step& step) {
  Fields fields(step.data, step.id);
  Sending sending{
      .settings = s3_settings_from_json(fields.object("settings"), fields.at("settings")),
      .site = fields.text("site"),
      .target = fields.text("target"),
      .directory = fields.text("directory"),
      .table = fields.digest("table")};
  fields.done();
  return sending;
}

std::optional<std::string> sent_directory(const std::vector<Step>& steps) {
  const auto found = std::find_if(steps.begin(), steps.end(), [](const Step& each) {
    return each.driver == release::kS3 && each.action == kSend;
  });
  return found == steps.end() ? std::nullopt : std::optional(sending_from_json(*found).directory);
}

Json to_json(const Showing& showing) {
  return {{"settings", to_json(showing.settings)},
          {"site", showing.site},
          {"target", showing.target},
          {"from", showing.from},
          {"to", showing.to},
          {"number", showing.number},
          {"all", showing.all}};
}

Showing showing_from_json(const Step& step) {
  Fields fields(step.data, step.id);
  Showing showing{
      .settings = s3_settings_from_json(fields.object("settings"), fields.at("settings")),
      .site = fields.text("site"),
      .target = fields.text("target"),
      .from = fields.text("from"),
      .to = fields.text("to"),
      .number = fields.number("number"),
      .all = fields.flag("all")};
  fields.done();
  return showing;
}

}  // namespace sealift::installer
