// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/workloads/exec_settings.hpp"

#include "base/format.hpp"

namespace sealift::installer {

Json to_json(const ExecSettings& settings) {
  Json value = release::to_json(settings.workload);
  value["component"] = settings.component;
  return value;
}

ExecSettings exec_settings_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  ExecSettings settings{.component = fields.text("component"), .workload = {}};
  Json workload = value;
  workload.erase("component");
  settings.workload = release::workload_from_json(workload, where);
  return settings;
}

ExecSettings exec_settings_of(const Deployment& deployment) {
  return exec_settings_from_json(deployment.settings, format("{}: settings", deployment.path));
}

}  // namespace sealift::installer
