// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs checks side by side, each in a thread of its own. A check is healthy once it has held for
// `stable` without a break; it must have begun to by `within`. When one is unhealthy the others are
// not waited for: what they would say changes nothing.

#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "installer/drivers/health/probes.hpp"

namespace sealift::installer {

// Undecided are checks that were stopped, or not waited for because another one failed.
enum class Verdict { healthy, unhealthy, undecided };
std::string_view name(Verdict verdict);

struct CheckResult {
  std::string name;
  Verdict verdict = Verdict::undecided;
  unsigned attempts = 0;
  std::chrono::milliseconds took{0};
  std::string found;  // last
};

// How often a check is asked.
enum class Asking {
  once,  // one attempt each; what takes many requests is left out
  until_stable
};

// A check and how to ask it.
struct Asked {
  release::HealthCheck check;
  std::function<Finding()> attempt;    // called by one thread at a time
  std::function<Finding()> gate = {};  // once it is healthy; nothing: none
};

// What a person who waits is told, and how they stop it.
struct Watching {
  std::function<bool()> stop;  // asked by several threads
  // For which checks, with what they found last, and for how long at most; often.
  std::function<void(const std::string&, std::chrono::seconds)> waiting = {};
};

std::vector<CheckResult> run_checks(const std::vector<Asked>& checks, Asking asking,
                                    const Watching& watching);

// The checks of a revision on its site.
std::vector<CheckResult> run_rendered(const std::vector<RenderedCheck>& checks,
                                      const Layout& layout, std::uint64_t revision, Asking asking,
                                      const Watching& watching);

// "api: found status 503, expected 200 (after 12 attempts in 60.0 s)" of each that is unhealthy.
std::vector<std::string> complaints(const std::vector<CheckResult>& results);

Json to_json(const std::vector<CheckResult>& results);
std::vector<CheckResult> results_from_json(const Json& value, const std::string& where);

// The results that were seen last, for people; what they say is of their time.
struct LastHealth {
  Time time;
  std::uint64_t revision = 0;
  std::vector<CheckResult> results;
};
// Where that cannot be kept nothing happens: a person without rights may ask too.
void keep_last_health(const Layout& layout, const LastHealth& last);
std::optional<LastHealth> last_health(const Layout& layout);
Json to_json(const LastHealth& last);
LastHealth last_health_from_json(const Json& value, const std::string& where);

}  // namespace sealift::installer
