// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "base/format.hpp"
#include "installer/drivers/health/runner.hpp"

namespace sealift::installer::runner_test {
using std::chrono::milliseconds;

namespace {

// Answers as `answers` says, one letter each, and the last for ever: + holds, - fails.
Asked scripted(const std::string& name, const std::string& answers, milliseconds within,
               milliseconds stable) {
  release::HealthCheck check;
  check.name = name;
  check.within = within;
  check.stable = stable;
  check.every = milliseconds(100);
  auto asked = std::make_shared<std::atomic<std::size_t>>(0);
  return {.check = check, .attempt = [answers, asked]() -> Finding {
            const std::size_t at = std::min((*asked)++, answers.size() - 1);
            return {
                .verdict = answers[at] == '+' ? Finding::Verdict::holds : Finding::Verdict::fails,
                .found = std::string(1, answers[at])};
          }};
}

std::vector<CheckResult> run(const std::vector<Asked>& checks, Asking asking) {
  return run_checks(checks, asking, {.stop = [] { return false; }, .waiting = {}});
}

}  // namespace

TEST_CASE("health: a break begins the time of stable anew", "[installer]") {
  const auto results =
      run({scripted("a", "++-+", milliseconds(2000), milliseconds(300))}, Asking::until_stable);
  CHECK(results[0].verdict == Verdict::healthy);
  CHECK(results[0].attempts >= 6);
  CHECK(results[0].took >= milliseconds(600));
}

TEST_CASE("health: what does not hold in time is unhealthy, and says what was found last",
          "[installer]") {
  const auto results =
      run({scripted("a", "-", milliseconds(250), milliseconds(0))}, Asking::until_stable);
  CHECK(results[0].verdict == Verdict::unhealthy);
  CHECK(results[0].took >= milliseconds(250));
  REQUIRE(complaints(results).size() == 1);
  CHECK(complaints(results)[0].starts_with("a: - (attempt "));
}

TEST_CASE("health: when one is unhealthy the others are not waited for", "[installer]") {
  const auto began = std::chrono::steady_clock::now();
  const auto results = run({scripted("a", "-", milliseconds(0), milliseconds(0)),
                            scripted("b", "+", milliseconds(0), milliseconds(60'000)),
                            scripted("c", "+", milliseconds(0), milliseconds(0))},
                           Asking::until_stable);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(5));
  CHECK(results[0].verdict == Verdict::unhealthy);
  CHECK(results[1].verdict == Verdict::undecided);
  CHECK(complaints(results).size() == 1);
}

TEST_CASE("health: checks are asked side by side", "[installer]") {
  std::vector<Asked> checks;
  for (int i = 0; i < 20; ++i) {
    checks.push_back(scripted(std::to_string(i), "+", milliseconds(0), milliseconds(0)));
    checks.back().attempt = []() -> Finding {
      std::this_thread::sleep_for(milliseconds(200));
      return {.verdict = Finding::Verdict::holds, .found = {}};
    };
  }
  const auto began = std::chrono::steady_clock::now();
  for (const CheckResult& each : run(checks, Asking::until_stable)) {
    CHECK(each.verdict == Verdict::healthy);
  }
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(2));
}

TEST_CASE("health: asked once, each is asked once and the gate is left out", "[installer]") {
  Asked gated = scripted("a", "+", milliseconds(0), milliseconds(5000));
  gated.gate = []() -> Finding { return {.verdict = Finding::Verdict::fails, .found = "slow"}; };
  const auto once =
      run({gated, scripted("b", "-+", milliseconds(5000), milliseconds(0))}, Asking::once);
  CHECK(once[0].verdict == Verdict::healthy);
  CHECK(once[1].verdict == Verdict::unhealthy);
  CHECK(once[1].attempts == 1);

  gated.check.stable = milliseconds(0);
  const auto all = run({gated}, Asking::until_stable);
  CHECK(all[0].verdict == Verdict::unhealthy);
  CHECK(all[0].found == "slow");
}

TEST_CASE("health: a wish to stop ends the waiting", "[installer]") {
  std::atomic<bool> stop = false;
  std::thread person([&] {
    std::this_thread::sleep_for(milliseconds(200));
    stop = true;
  });
  const auto results =
      run_checks({scripted("a", "-", milliseconds(60'000), milliseconds(0))}, Asking::until_stable,
                 {.stop = [&] { return stop.load(); }, .waiting = {}});
  person.join();
  CHECK(results[0].verdict == Verdict::undecided);
  CHECK(results[0].took < milliseconds(5000));
}

TEST_CASE("health: who waits is told what was found last, and for how long at most",
          "[installer]") {
  std::vector<std::string> told;
  run_checks({scripted("a", "-", milliseconds(1200), milliseconds(0)),
              scripted("b", "+", milliseconds(0), milliseconds(0))},
             Asking::until_stable,
             {.stop = [] { return false; },
              .waiting =
                  [&](const std::string& checks, std::chrono::seconds at_most) {
                    told.push_back(format("{}, {} s", checks, at_most.count()));
                  }});
  REQUIRE_FALSE(told.empty());
  CHECK(told.back() == "a (-), 2 s");
}

TEST_CASE("health: results survive being written down", "[installer]") {
  const auto results =
      run({scripted("a", "-", milliseconds(0), milliseconds(0))}, Asking::until_stable);
  const auto read = results_from_json(parse_json(to_canonical(to_json(results)), "x"), "x");
  REQUIRE(read.size() == 1);
  CHECK(read[0].name == "a");
  CHECK(read[0].verdict == Verdict::unhealthy);
  CHECK(read[0].found == "-");
}

}  // namespace sealift::installer::runner_test
