// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/compose/compose_settings.hpp"

#include "base/format.hpp"
#include "base/path.hpp"
#include "release/documents/workload.hpp"

namespace sealift::installer {

namespace {

Json to_json(const ServiceSettings& service) {
  Json value = {{"image", service.image}, {"replicas", service.replicas},
                {"job", service.job},     {"canary", service.canary},
                {"moves", service.moves}, {"inputs", service.inputs}};
  if (!service.pull_policy.empty()) value["pull_policy"] = service.pull_policy;
  return value;
}

ServiceSettings service_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  ServiceSettings service{.image = fields.text("image"),
                          .replicas = fields.count("replicas"),
                          .job = fields.flag("job"),
                          .canary = fields.flag("canary"),
                          .moves = fields.flag("moves"),
                          .inputs = fields.text("inputs"),
                          .pull_policy = fields.text_if("pull_policy").value_or("")};
  fields.done();
  return service;
}

}  // namespace

std::string ServiceSettings::inputs_in(const std::string& directory) const {
  return moves ? format("{} {}", inputs, directory) : inputs;
}

Json to_json(const ComposeSettings& settings) {
  Json services = Json::object();
  for (const auto& [name, service] : settings.services) services[name] = to_json(service);
  Json value = {{"runtime", release::kCompose},
                {"project", settings.project},
                {"site", settings.site},
                {"command", settings.command},
                {"generation", settings.generation},
                {"engine", settings.engine},
                {"file", settings.file},
                {"timeout", settings.timeout},
                {"services", std::move(services)}};
  if (!settings.version.empty()) value["version"] = settings.version;
  if (!settings.built.empty()) value["built"] = settings.built;
  if (!settings.left_out.empty()) value["left_out"] = settings.left_out;
  return value;
}

ComposeSettings compose_settings_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  fields.constant("runtime", release::kCompose);
  ComposeSettings settings{.project = fields.text("project"),
                           .site = fields.text("site"),
                           .command = fields.texts("command"),
                           .generation = fields.text("generation"),
                           .engine = fields.texts("engine"),
                           .file = fields.text("file"),
                           .timeout = fields.count("timeout"),
                           .services = {},
                           .version = fields.text_if("version").value_or("")};
  for (const auto& [name, service] : fields.object("services").items()) {
    settings.services[name] =
        service_from_json(service, format("{}.{}", fields.at("services"), printable(name, 80)));
  }
  if (fields.value_if("built") != nullptr) settings.built = fields.texts("built");
  if (fields.value_if("left_out") != nullptr) settings.left_out = fields.texts("left_out");
  fields.done();
  return settings;
}

ComposeDeployment::ComposeDeployment(const Deployment& deployment)
    : path(deployment.path),
      directory(deployment.directory),
      settings(compose_settings_from_json(deployment.settings,
                                          format("{}: settings", deployment.path))) {}

}  // namespace sealift::installer
