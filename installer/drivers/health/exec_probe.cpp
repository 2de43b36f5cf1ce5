// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "installer/drivers/health/probes.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kOutput = 64U << 10;  // bytes kept of each stream
constexpr std::size_t kShown = 300;

// The end of what it said, on one line.
std::string last_words(const Outcome& outcome) {
  std::string all = outcome.output + outcome.error_output;
  while (!all.empty() && (all.back() == '\n' || all.back() == ' ')) all.pop_back();
  if (all.size() > kShown) all.erase(0, all.size() - kShown);
  const std::string line = on_one_line(all);
  return line.empty() ? "it said nothing" : printable(line, kShown + 100);
}

}  // namespace

// Its environment is made for it, so that a check says the same whoever runs the installer. PATH
// alone is the operator's.
Finding exec_probe(const RenderedCheck& rendered, const fs::path& scripts, Privileges privileges) {
  const char* path = std::getenv("PATH");
  Command command{.arguments = rendered.check.command,
                  .folder = scripts.string(),
                  .input = {},
                  .timeout = std::chrono::ceil<std::chrono::seconds>(rendered.check.timeout),
                  .output_limit = kOutput};
  command.inherit = Inherit::nothing;
  command.privileges = privileges;
  command.environment = {{"PATH", path == nullptr ? "/usr/bin:/bin" : path}, {"LANG", "C"}};
  for (const auto& each : rendered.environment) command.environment.push_back(each);
  const std::optional<Outcome> outcome = run(command);
  if (!outcome) {
    return {.verdict = Finding::Verdict::fails,
            .found = format("{}: was not found", printable(command.arguments.front(), 200))};
  }
  return {.verdict = outcome->status == 0 ? Finding::Verdict::holds : Finding::Verdict::fails,
          .found = format("status {}: {}", outcome->status, last_words(*outcome))};
}

}  // namespace sealift::installer
