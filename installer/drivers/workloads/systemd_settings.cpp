// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/workloads/systemd_settings.hpp"

#include "base/format.hpp"
#include "base/path.hpp"
#include "release/documents/workload.hpp"

namespace sealift::installer {

namespace {

UnitSettings unit_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  UnitSettings unit{.files = fields.texts("files"),
                    .ours = fields.flag("ours"),
                    .job = fields.flag("job"),
                    .install = fields.text("install"),
                    .inputs = fields.text("inputs")};
  fields.done();
  return unit;
}

}  // namespace

Json to_json(const SystemdSettings& settings) {
  Json units = Json::object();
  for (const auto& [name, unit] : settings.units) {
    units[name] = {{"files", unit.files},
                   {"ours", unit.ours},
                   {"job", unit.job},
                   {"install", unit.install},
                   {"inputs", unit.inputs}};
  }
  return {{"runtime", release::kSystemd}, {"command", settings.command},
          {"folder", settings.folder},    {"path", settings.path},
          {"timeout", settings.timeout},  {"units", std::move(units)}};
}

SystemdSettings systemd_settings_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  fields.constant("runtime", release::kSystemd);
  SystemdSettings settings{.command = fields.texts("command"),
                           .folder = fields.text("folder"),
                           .path = fields.text("path"),
                           .timeout = fields.count("timeout"),
                           .units = {}};
  for (const auto& [name, unit] : fields.object("units").items()) {
    settings.units[name] =
        unit_from_json(unit, format("{}.{}", fields.at("units"), printable(name, 80)));
  }
  fields.done();
  return settings;
}

SystemdSettings systemd_settings_of(const Deployment& deployment) {
  return systemd_settings_from_json(deployment.settings, format("{}: settings", deployment.path));
}

std::set<std::string> links_of(const SystemdSettings& settings) {
  std::set<std::string> names;
  for (const auto& [unused, unit] : settings.units) {
    names.insert(unit.files.begin(), unit.files.end());
  }
  return names;
}

}  // namespace sealift::installer
