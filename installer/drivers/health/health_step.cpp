// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/health/health_step.hpp"

namespace sealift::installer {

Json to_json(const HealthStep& step) {
  Json value = {{"revision", step.revision}, {"checks", to_json(step.checks)}};
  if (step.version) value["version"] = *step.version;
  return value;
}

HealthStep health_step_from_json(const Step& step) {
  Fields fields(step.data, step.id);
  HealthStep health{.revision = fields.number("revision"),
                    .checks = rendered_from_json(fields.array("checks"), fields.at("checks")),
                    .version = fields.text_if("version")};
  fields.done();
  return health;
}

Json health_results_to_json(const std::vector<CheckResult>& results) {
  return {{"results", to_json(results)}};
}

std::vector<CheckResult> health_results_from_json(const Json& result, const std::string& where) {
  Fields fields(result, where);
  std::vector<CheckResult> results =
      results_from_json(fields.array("results"), fields.at("results"));
  fields.done();
  return results;
}

Json to_json(const HookStep& step) {
  return {{"revision", step.revision}, {"run", to_json(step.run)}};
}

HookStep hook_step_from_json(const Step& step) {
  Fields fields(step.data, step.id);
  HookStep hook{.revision = fields.number("revision"),
                .run = rendered_check_from_json(fields.object("run"), fields.at("run"))};
  fields.done();
  return hook;
}

}  // namespace sealift::installer
