// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/services/service_step.hpp"

#include "tests/unit/installer/strict_reading.hpp"

namespace sealift::installer::service_step_test {

using tests::check_strict;
using tests::messages;
using tests::step_with;

TEST_CASE("services: a command of a service is what its step says, and comes back as it was") {
  const ServiceCommand check{.service = "app", .command = {"app", "-t"}, .timeout = 60};
  CHECK(to_json(check) == Json{{"service", "app"}, {"command", {"app", "-t"}}, {"timeout", 60}});
  CHECK(service_command_from_json(step_with(to_json(check))) == check);
  ServiceCommand reload = check;
  reload.files = {"app.env changed"};
  reload.count = 3;
  CHECK(service_command_from_json(step_with(to_json(reload))) == reload);
  check_strict(to_json(check), {},
               [](const Json& data) { service_command_from_json(step_with(data)); });
}

TEST_CASE("services: a guard comes back as it was, and says which of its services is wrong") {
  const ServiceGuard guard{
      .services = {
          {.service = "a", .command = {"a"}, .timeout = 1, .step = "reload:a", .stood = true},
          {.service = "b", .command = {"b"}, .timeout = 2, .step = "restart:b", .stood = false}}};
  const Json data = to_json(guard);
  CHECK(service_guard_from_json(step_with(data)) == guard);
  check_strict(data, {}, [](const Json& other) { service_guard_from_json(step_with(other)); });
  check_strict(data.at("services").at(1), {}, [&](const Json& service) {
    service_guard_from_json(
        step_with({{"services", Json::array({data.at("services").at(0), service})}}));
  });
  Json broken = data;
  broken["services"].at(1).erase("stood");
  CHECK(messages(tests::error_of([&] { service_guard_from_json(step_with(broken)); })) ==
        "step.services[1].stood: found nothing, expected this field\n");
}

TEST_CASE("services: the fence's commands come back as they were, with secrets or without") {
  FenceCommands fence{.transaction = 7, .close = {"close"}, .open = {"open"}};
  CHECK(to_json(fence) == Json{{"transaction", 7}, {"close", {"close"}}, {"open", {"open"}}});
  CHECK(fence_commands_from_json(to_json(fence), "fence.json") == fence);
  fence.secrets = {"TOKEN"};
  CHECK(fence_commands_from_json(to_json(fence), "fence.json") == fence);
  check_strict(to_json(fence), {"secrets"},
               [](const Json& other) { fence_commands_from_json(other, "fence.json"); });
}

}  // namespace sealift::installer::service_step_test
