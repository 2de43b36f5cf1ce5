// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/health/health_step.hpp"

#include "tests/unit/installer/strict_reading.hpp"

namespace sealift::installer::health_step_test {

using tests::check_strict;
using tests::step_with;

namespace {

RenderedCheck some_check() {
  RenderedCheck rendered{.check = {}, .environment = {{"PORT", "80"}}, .container = nullptr};
  rendered.check.name = "smoke";
  rendered.check.probe = release::Probe::exec;
  rendered.check.command = {"./smoke.sh"};
  return rendered;
}

}  // namespace

TEST_CASE("health: a step comes back as it was, and the one that proves has a version") {
  HealthStep step{.revision = 3, .checks = {some_check()}};
  Json data = to_json(step);
  CHECK_FALSE(data.contains("version"));
  CHECK(to_json(health_step_from_json(step_with(data))) == data);
  step.version = "1.0.0";
  data = to_json(step);
  CHECK(health_step_from_json(step_with(data)).version == "1.0.0");
  CHECK(to_json(health_step_from_json(step_with(data))) == data);
  check_strict(data, {"version"},
               [](const Json& other) { health_step_from_json(step_with(other)); });
}

TEST_CASE("health: a hook comes back as it was") {
  const Json data = to_json(HookStep{.revision = 3, .run = some_check()});
  CHECK(to_json(hook_step_from_json(step_with(data))) == data);
  check_strict(data, {}, [](const Json& other) { hook_step_from_json(step_with(other)); });
}

TEST_CASE("health: what a step has found comes back as it was") {
  const Json found = health_results_to_json(
      {{.name = "smoke", .verdict = Verdict::healthy, .attempts = 2, .found = "status 0"}});
  CHECK(health_results_to_json(health_results_from_json(found, "step")) == found);
  check_strict(found, {}, [](const Json& other) { health_results_from_json(other, "step"); });
}

TEST_CASE("health: the last results come back as they were") {
  const Json last = to_json(LastHealth{.time = Time{1'700'000'000}, .revision = 3, .results = {}});
  CHECK(to_json(last_health_from_json(last, "health.json")) == last);
  check_strict(last, {}, [](const Json& other) { last_health_from_json(other, "health.json"); });
}

}  // namespace sealift::installer::health_step_test
