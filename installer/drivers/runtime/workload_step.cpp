// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/runtime/workload_step.hpp"

namespace sealift::installer {

namespace {

Json to_json(const Deployment& deployment) {
  return {{"path", deployment.path},
          {"directory", deployment.directory},
          {"settings", deployment.settings}};
}

Deployment deployment_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  Deployment deployment{.path = fields.text("path"),
                        .directory = fields.text("directory"),
                        .settings = fields.object("settings")};
  fields.done();
  return deployment;
}

}  // namespace

Deployment deployment_of(const Placement& placement) {
  return {.path = placement.path, .directory = placement.directory, .settings = placement.settings};
}

Json to_json(const WorkloadStep& step) {
  Json value = Json::object();
  if (step.before) value["before"] = to_json(*step.before);
  if (step.now) value["now"] = to_json(*step.now);
  return value;
}

WorkloadStep workload_step_from_json(const Step& step) {
  Fields fields(step.data, step.id);
  WorkloadStep workload;
  if (const Json* before = fields.value_if("before")) {
    workload.before = deployment_from_json(*before, fields.at("before"));
  }
  if (const Json* now = fields.value_if("now")) {
    workload.now = deployment_from_json(*now, fields.at("now"));
  }
  fields.done();
  return workload;
}

}  // namespace sealift::installer
