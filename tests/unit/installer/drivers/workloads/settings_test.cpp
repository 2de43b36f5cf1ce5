// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/compose/compose_settings.hpp"
#include "installer/drivers/workloads/exec_settings.hpp"
#include "installer/drivers/workloads/systemd_settings.hpp"
#include "tests/unit/installer/strict_reading.hpp"

namespace sealift::installer::settings_test {

using tests::check_strict;
using tests::step_with;

namespace {

ComposeSettings compose() {
  return {.project = "shop-1234",
          .site = "1234",
          .command = {"docker", "compose"},
          .generation = "v2",
          .engine = {"docker"},
          .file = "compose.yaml",
          .timeout = 300,
          .services = {{"api", {.image = "sha256:1", .replicas = 2, .inputs = "ab"}}}};
}

SystemdSettings systemd() {
  return {.command = {"systemctl"},
          .folder = "/etc/systemd/system",
          .path = "/srv/units",
          .timeout = 300,
          .units = {{"app.service",
                     {.files = {"app.service"}, .ours = true, .install = "ab", .inputs = "cd"}}}};
}

ExecSettings exec() {
  ExecSettings settings{.component = "cdn", .workload = {}};
  settings.workload.runtime = release::kExec;
  settings.workload.apply = {"./cdn.sh", "up"};
  settings.workload.undo = {"./cdn.sh", "down"};
  settings.workload.timeout = 5;
  return settings;
}

}  // namespace

TEST_CASE("workloads: settings of Compose come back as they were") {
  ComposeSettings settings = compose();
  const auto read = [](const Json& value) { return compose_settings_from_json(value, "settings"); };
  CHECK_FALSE(to_json(settings).contains("version"));
  CHECK(read(to_json(settings)) == settings);
  settings.version = "3.8";
  settings.built = {"api"};
  settings.left_out = {"debug"};
  settings.services.at("api").pull_policy = "never";
  CHECK(read(to_json(settings)) == settings);
  check_strict(to_json(settings), {"version", "built", "left_out"}, read);
  check_strict(to_json(settings).at("services").at("api"), {"pull_policy"}, [&](const Json& api) {
    Json value = to_json(settings);
    value["services"]["api"] = api;
    read(value);
  });
}

TEST_CASE("workloads: settings of systemd come back as they were") {
  const auto read = [](const Json& value) { return systemd_settings_from_json(value, "settings"); };
  CHECK(read(to_json(systemd())) == systemd());
  check_strict(to_json(systemd()), {}, read);
  check_strict(to_json(systemd()).at("units").at("app.service"), {}, [&](const Json& unit) {
    Json value = to_json(systemd());
    value["units"]["app.service"] = unit;
    read(value);
  });
}

TEST_CASE("workloads: settings of commands come back as they were") {
  const auto read = [](const Json& value) { return exec_settings_from_json(value, "settings"); };
  ExecSettings settings = exec();
  CHECK(read(to_json(settings)) == settings);
  settings.workload.check = {"true"};
  CHECK(read(to_json(settings)) == settings);
  check_strict(to_json(settings), {"check"}, read);
}

TEST_CASE("workloads: the settings of another runtime are refused") {
  CHECK(tests::refusal_of([] { compose_settings_from_json(to_json(systemd()), "settings"); }) ==
        Errc::corrupt);
  CHECK(tests::refusal_of([] { systemd_settings_from_json(to_json(exec()), "settings"); }) ==
        Errc::corrupt);
}

TEST_CASE("workloads: a step comes back as it was, whichever side it has") {
  const Deployment one{.path = "/srv/cdn", .directory = "releases/1", .settings = to_json(exec())};
  for (const WorkloadStep& step :
       {WorkloadStep{.before = {}, .now = one}, WorkloadStep{.before = one, .now = {}},
        WorkloadStep{.before = one, .now = one}}) {
    CHECK(workload_step_from_json(step_with(to_json(step))) == step);
  }
  check_strict(to_json(WorkloadStep{.before = one, .now = one}), {"before", "now"},
               [](const Json& other) { workload_step_from_json(step_with(other)); });
}

}  // namespace sealift::installer::settings_test
