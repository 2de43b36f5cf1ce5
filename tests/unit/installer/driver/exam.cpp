// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/installer/driver/exam.hpp"

#include <catch2/catch.hpp>

namespace sealift::tests {

using namespace installer;

namespace {

using Steps = std::vector<Step>;

struct Sitting {
  std::unique_ptr<Candidate> candidate;
  int planned = 1;  // the release of the last plan, whose content is at hand
  Silence silence;
  StopFlag stop;
  StepIo shared{.content = candidate->content(planned),
                .progress = silence,
                .stop = stop,
                .writes = Writes::kept_by_fence};

  explicit Sitting(std::unique_ptr<Candidate> one) : candidate(std::move(one)) {}

  Driver& driver() const { return candidate->driver(); }
  std::string served() const { return candidate->served(); }
  bool is_exempt(Exempt from) const { return candidate->exemptions().contains(from); }
  StepIo& io() {
    candidate->content(planned);
    return shared;
  }
  Steps plan(int release, int before) {
    planned = std::max(release, 1);
    return driver().plan(candidate->wish(release, before));
  }
  void apply(const Steps& steps, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      shared.begun.insert(steps[i].id);
      candidate->worker(steps[i]).apply(steps[i], io());
    }
  }
  void apply(const Steps& steps) { apply(steps, steps.size()); }
  // As `recover --forward` does.
  void go_on(const Steps& steps) {
    for (const Step& step : steps) {
      Driver& worker = candidate->worker(step);
      const StepState state = worker.check(step, io());
      if (state == StepState::applied) continue;
      if (state == StepState::partial) worker.undo(step, {}, io());
      shared.begun.insert(step.id);
      worker.apply(step, io());
    }
  }
  // As after a crash: no result is known.
  void undo(const Steps& steps) {
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      candidate->worker(*step).undo(*step, {}, io());
    }
  }
  Steps install(int release, int before) {
    Steps steps = plan(release, before);
    apply(steps);
    shared.begun.clear();  // another transaction comes
    return steps;
  }
  // Of drivers that know.
  bool is_applied(const Step& step) {
    return candidate->worker(step).check(step, io()) == StepState::applied;
  }
  bool all_are_applied(const Steps& steps) {
    return std::all_of(steps.begin(), steps.end(),
                       [&](const Step& step) { return is_applied(step); });
  }
  bool none_is_applied(const Steps& steps) {
    return std::none_of(steps.begin(), steps.end(),
                        [&](const Step& step) { return is_applied(step); });
  }
  std::vector<Difference> drift(int release) {
    return driver().inspect(candidate->placement(release), Thoroughness::by_content,
                            Strangers::reported, candidate->content(release));
  }
};

}  // namespace

void sit_exam(const std::function<std::unique_ptr<Candidate>()>& enrol) {
  Sitting now(enrol());
  const bool checks = !now.is_exempt(Exempt::check);
  SECTION("planning changes nothing, and says the same twice") {
    const Steps steps = now.plan(1, 0);
    CHECK_FALSE(steps.empty());
    CHECK(now.served().empty());
    CHECK(now.plan(1, 0) == steps);
    CHECK(now.none_is_applied(steps));
  }
  SECTION("applied twice is as once, and undone twice too") {
    const Steps steps = now.plan(1, 0);
    now.apply(steps);
    const std::string first = now.served();
    CHECK_FALSE(first.empty());
    now.apply(steps);
    CHECK(now.served() == first);
    CHECK(now.all_are_applied(steps) == checks);
    CHECK(now.driver().is_current(now.candidate->placement(1)) !=
          now.is_exempt(Exempt::is_current));
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
      now.shared.begun.clear();
      now.apply(steps, count);
      now.undo(steps);
      CHECK(now.served() == first);
      CHECK(now.drift(1).empty());
      now.apply(steps, count);
      now.go_on(steps);
      CHECK(now.all_are_applied(steps) == checks);
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
    CHECK(now.driver().plan(again).empty() != now.is_exempt(Exempt::idle_plan));
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
    const Steps steps = now.plan(0, 1);
    now.apply(steps);
    CHECK(now.served().empty() != now.is_exempt(Exempt::removal));
    now.undo(steps);
    CHECK(now.served() == first);
  }
}

}  // namespace sealift::tests
