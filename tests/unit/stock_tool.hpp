// SPDX-License-Identifier: Apache-2.0
#pragma once

// Programs that are not ours, which judge what ours write. Where one is missing, a test that needs
// it says so and ends; under CI=true, where everything is installed, that is a failure.

#include <catch2/catch.hpp>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "base/process.hpp"

namespace sealift::tests {

// Nothing where the program is missing, which has then been reported.
inline std::optional<Outcome> run_tool(const std::vector<std::string>& arguments,
                                       const std::string& folder = "/",
                                       const std::string& input = {}) {
  std::optional<Outcome> outcome =
      run({.arguments = arguments, .folder = folder, .input = input, .output_limit = 16U << 20});
  if (!outcome) {
    const std::string text = "SKIPPED: " + arguments.front() + " is not installed";
    const char* ci = std::getenv("CI");
    if (ci != nullptr && std::string(ci) == "true") {
      FAIL(text);
    } else {
      WARN(text);
    }
  }
  return outcome;
}

}  // namespace sealift::tests
