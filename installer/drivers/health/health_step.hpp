// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the steps of health and of hooks say, as the journal keeps it, each with its one reader and
// its one writer. A reader is strict: Error{corrupt} that names the step and the key.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "installer/drivers/health/runner.hpp"
#include "installer/records/check.hpp"
#include "installer/records/plan.hpp"

namespace sealift::installer {

// Of `check` and of `prove` (health.hpp).
struct HealthStep {
  std::uint64_t revision = 0;  // whose scripts the checks run
  std::vector<RenderedCheck> checks;
  std::optional<std::string> version = {};  // of `prove`: the release that is installed now
};

Json to_json(const HealthStep& step);
HealthStep health_step_from_json(const Step& step);

// What such a step has found, as the journal keeps it as its result.
Json health_results_to_json(const std::vector<CheckResult>& results);
std::vector<CheckResult> health_results_from_json(const Json& result, const std::string& where);

// A command of the release at one moment of an apply.
struct HookStep {
  std::uint64_t revision = 0;  // whose script it is
  RenderedCheck run;
};

Json to_json(const HookStep& step);
HookStep hook_step_from_json(const Step& step);

}  // namespace sealift::installer
