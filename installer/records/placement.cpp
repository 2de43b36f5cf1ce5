// SPDX-License-Identifier: Apache-2.0
#include "installer/records/placement.hpp"

namespace sealift::installer {

Json to_json(const Placement& placement) {
  Json value = {{"component", placement.component}, {"target", placement.target},
                {"driver", placement.driver},       {"path", placement.path},
                {"directory", placement.directory}, {"table", placement.table.str()},
                {"files", placement.files},         {"bytes", placement.bytes}};
  if (!placement.images.empty()) {
    Json images = Json::array();
    for (const PlacedImage& image : placement.images) images.push_back(to_json(image));
    value["images"] = std::move(images);
  }
  if (!placement.settings.is_null()) value["settings"] = placement.settings;
  if (!placement.services.empty()) value["services"] = placement.services;
  if (!placement.owner.empty()) value["owner"] = placement.owner;
  if (!placement.persist.empty()) value["persist"] = placement.persist;
  return value;
}

Placement placement_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  Placement placement{.component = fields.text("component"),
                      .target = fields.text("target"),
                      .driver = fields.text("driver"),
                      .path = fields.text("path"),
                      .directory = fields.text("directory"),
                      .table = fields.digest("table"),
                      .files = fields.number("files"),
                      .bytes = fields.number("bytes")};
  if (fields.value_if("images") != nullptr) {
    for (const Json& image : fields.array("images")) {
      placement.images.push_back(placed_image_from_json(image, fields.at("images")));
    }
  }
  if (fields.value_if("settings") != nullptr) placement.settings = fields.object("settings");
  if (fields.value_if("services") != nullptr) {
    Fields services(fields.object("services"), fields.at("services"));
    for (const auto& [name, unused] : fields.object("services").items()) {
      placement.services[name] = services.texts(name.c_str());
    }
  }
  placement.owner = fields.text_if("owner").value_or("");
  if (fields.value_if("persist") != nullptr) {
    placement.persist = texts_by_key(fields.object("persist"), fields.at("persist"));
  }
  fields.done();
  return placement;
}

}  // namespace sealift::installer
