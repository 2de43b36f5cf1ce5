// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/services/service_step.hpp"

#include "base/format.hpp"

namespace sealift::installer {

Json to_json(const ServiceCommand& command) {
  Json value = {
      {"service", command.service}, {"command", command.command}, {"timeout", command.timeout}};
  if (command.files) {
    value["files"] = *command.files;
    value["count"] = command.count;
  }
  return value;
}

ServiceCommand service_command_from_json(const Step& step) {
  Fields fields(step.data, step.id);
  ServiceCommand command{.service = fields.text("service"),
                         .command = fields.texts("command"),
                         .timeout = fields.number("timeout")};
  if (fields.value_if("files") != nullptr) {
    command.files = fields.texts("files");
    command.count = fields.number("count");
  }
  fields.done();
  return command;
}

Json to_json(const ServiceGuard& guard) {
  Json services = Json::array();
  for (const GuardedService& each : guard.services) {
    services.push_back({{"service", each.service},
                        {"command", each.command},
                        {"timeout", each.timeout},
                        {"step", each.step},
                        {"stood", each.stood}});
  }
  return {{"services", std::move(services)}};
}

ServiceGuard service_guard_from_json(const Step& step) {
  Fields fields(step.data, step.id);
  ServiceGuard guard;
  for (const Json& item : fields.array("services")) {
    Fields service(item, format("{}[{}]", fields.at("services"), guard.services.size()));
    guard.services.push_back({.service = service.text("service"),
                              .command = service.texts("command"),
                              .timeout = service.number("timeout"),
                              .step = service.text("step"),
                              .stood = service.flag("stood")});
    service.done();
  }
  fields.done();
  return guard;
}

Json to_json(const FenceCommands& fence) {
  Json value = {{"transaction", fence.transaction}, {"close", fence.close}, {"open", fence.open}};
  if (!fence.secrets.empty()) value["secrets"] = fence.secrets;
  return value;
}

FenceCommands fence_commands_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  FenceCommands fence{.transaction = fields.number("transaction"),
                      .close = fields.texts("close"),
                      .open = fields.texts("open")};
  if (fields.value_if("secrets") != nullptr) fence.secrets = fields.texts("secrets");
  fields.done();
  return fence;
}

}  // namespace sealift::installer
