// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/installer/driver/exam.hpp"

#include <catch2/catch.hpp>

namespace sealift::tests {

using namespace installer;

namespace {

using Steps = std::vector<Step>;

struct Sitting {
  std::unique_ptr<Candidate> candidate;
  Silence silence;
  StopFlag stop;
  StepIo io{.content = candidate->content(), .progress = silence, .stop = stop};

  explicit Sitting(std::unique_ptr<Candidate> one) : candidate(std::move(one)) {}

  Driver& driver() const { return candidate->driver(); }
  std::string served() const { return candidate->served(); }
  Steps plan(int release, int before) const {
    return driver().plan(candidate->wish(release, before));
  }
  void apply(const Steps& steps, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) driver().apply(steps[i], io);
  }
  void apply(const Steps& steps) { apply(steps, steps.size()); }
  // As after a crash: no result is known.
  void undo(const Steps& steps) {
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) driver().undo(*step, {}, io);
  }
  Steps install(int release, int before) {
    Steps steps = plan(release, before);
    apply(steps);
    return steps;
  }
  bool all_are(const Steps& steps, StepState state) {
    return std::all_of(steps.begin(), steps.end(),
                       [&](const Step& step) { return driver().check(step, io) == state; });
  }
  std::vector<Difference> drift(int release) {
    return driver().inspect(candidate->placement(release), Thoroughness::by_content,
                            Strangers::reported, candidate->content());
  }
};

}  // namespace

void sit_exam(const std::function<std::unique_ptr<Candidate>()>& enrol) {
  Sitting now(enrol());
  SECTION("planning changes nothing, and says the same twice") {
    const Steps steps = now.plan(1, 0);
    CHECK_FALSE(steps.empty());
    CHECK(now.served().empty());
    CHECK(now.plan(1, 0) == steps);
    CHECK(now.all_are(steps, StepState::not_applied));
  }
  SECTION("applied twice is as once, and undone twice too") {
    const Steps steps = now.install(1, 0);
    const std::string first = now.served();
    CHECK_FALSE(first.empty());
    now.apply(steps);
    CHECK(now.served() == first);
    CHECK(now.all_are(steps, StepState::applied));
    CHECK(now.driver().is_current(now.candidate->placement(1)));
    CHECK(now.drift(1).empty());
    now.undo(steps);
    CHECK(now.served().empty());
    now.undo(steps);
    CHECK(now.served().empty());
  }
  SECTION("undoing what was never applied does nothing") {
    now.install(1, 0);
    const std::string first = now.served();
    now.undo(now.plan(2, 1));
    CHECK(now.served() == first);
    CHECK(now.drift(1).empty());
  }
  SECTION("cut off behind any step, it goes back and on") {
    now.install(1, 0);
    const std::string first = now.served();
    const Steps steps = now.plan(2, 1);
    for (std::size_t count = 0; count <= steps.size(); ++count) {
      CAPTURE(count);
      now.apply(steps, count);
      now.undo(steps);
      CHECK(now.served() == first);
      CHECK(now.drift(1).empty());
      now.apply(steps, count);
      now.apply(steps);
      CHECK(now.all_are(steps, StepState::applied));
      CHECK(now.served() != first);
      CHECK(now.drift(2).empty());
      now.undo(steps);
      CHECK(now.served() == first);
    }
  }
  SECTION("what is there already needs no step") {
    now.install(1, 0);
    Wish again = now.candidate->wish(1, 1);
    again.ready = now.candidate->placement(1).directory;
    CHECK(now.driver().plan(again).empty());
  }
  SECTION("what somebody changed is drift") {
    now.install(1, 0);
    now.candidate->damage();
    CHECK_FALSE(now.drift(1).empty());
  }
  SECTION("the old release is removed, twice is as once, and the new one stays") {
    now.install(1, 0);
    now.install(2, 1);
    const std::string second = now.served();
    CHECK_FALSE(now.driver().is_current(now.candidate->placement(1)));
    now.driver().prune(now.candidate->placement(1));
    now.driver().prune(now.candidate->placement(1));
    CHECK(now.served() == second);
    CHECK(now.drift(2).empty());
  }
  SECTION("a component that goes is taken away, and comes back by an undo") {
    now.install(1, 0);
    const std::string first = now.served();
    const Steps steps = now.install(0, 1);
    CHECK(now.served().empty());
    now.undo(steps);
    CHECK(now.served() == first);
  }
}

}  // namespace sealift::tests
