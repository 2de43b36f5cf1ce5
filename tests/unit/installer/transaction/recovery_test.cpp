// SPDX-License-Identifier: Apache-2.0

// A transaction that was cut off in any phase is ended: back, or forward; and what happens where
// that fails too. Drivers of the test fail, throw anything, or leave evidence.

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <new>
#include <thread>

#include "installer/driver/step_driver.hpp"
#include "installer/transaction/transaction.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/installer/given.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::recovery_test {

using tests::error_of;

namespace {

constexpr Phase kPhases[] = {Phase::preflight, Phase::stage, Phase::fence, Phase::migrate,
                             Phase::activate,  Phase::check, Phase::commit};

// What the steps of the test do, and what they did.
struct Script {
  std::map<std::string, StepState> states;  // of each step; one that is not named: not applied
  std::vector<std::string> done;            // "apply ID", "undo ID", in their order
  std::map<std::string, std::function<void(StepIo&)>> acts;  // by the same words, before the work

  void act(const std::string& what, StepIo& io) {
    if (const auto act = acts.find(what); act != acts.end()) act->second(io);
    done.push_back(what);
  }
};

class ScriptedDriver : public StepDriver {
 public:
  explicit ScriptedDriver(Script& script) : script_(script) {}
  StepState check(const Step& step, StepIo&) const override {
    const auto state = script_.states.find(step.id);
    return state == script_.states.end() ? StepState::not_applied : state->second;
  }
  Json apply(const Step& step, StepIo& io) override {
    script_.act("apply " + step.id, io);
    script_.states[step.id] = StepState::applied;
    return step.id;
  }
  void undo(const Step& step, const std::optional<Json>& result, StepIo& io) override {
    script_.act("undo " + step.id, io);
    script_.states[step.id] = StepState::not_applied;
    if (result) CHECK(*result == step.id);
  }

 private:
  Script& script_;
};

// One step of each phase, named by it.
std::vector<Step> a_step_of_each_phase() {
  std::vector<Step> steps;
  for (const Phase phase : kPhases) {
    steps.push_back(tests::given_step(std::string(name(phase)), phase, "scripted"));
  }
  return steps;
}

struct Bed {
  tests::ScratchFolder folder;
  Script script;
  tests::NoContent content;
  Silence silence;
  StopFlag stop;
  StepIo io{.content = content, .progress = silence, .stop = stop};
  Plan plan =
      tests::given_plan(Purpose::apply, tests::given_revision(1, "1.0.0"), a_step_of_each_phase());
  Journal journal = Journal::create(folder.path(), plan, tests::kGivenClock);

  // As a process leaves it that dies while it is at work on the last of `count` steps.
  void cut_off(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string& id = plan.steps[i].id;
      journal.append(Event::applying, id);
      script.states[id] = StepState::applied;
      if (i + 1 < count) journal.append(Event::applied, id, id);
    }
  }
  std::optional<Error> run(void (*work)(Journal&, const Drivers&, StepIo&)) {
    std::map<std::string, std::unique_ptr<Driver>> drivers;
    drivers["scripted"] = std::make_unique<ScriptedDriver>(script);
    const Drivers all(std::move(drivers));
    return error_of([&] { work(journal, all, io); });
  }
  std::vector<std::string> undone_backwards(std::size_t count) const {
    std::vector<std::string> words;
    for (std::size_t i = count; i-- > 0;) words.push_back("undo " + plan.steps[i].id);
    return words;
  }
};

// Signals stop the work while it lives; afterwards nobody has asked for that.
class Interruptible {
 public:
  ~Interruptible() {
    guard_.reset();
    const SignalGuard fresh;
  }

 private:
  std::optional<SignalGuard> guard_{std::in_place};
};

const std::vector<std::function<void(StepIo&)>> kThrows = {
    [](StepIo&) { throw Error(Errc::io, "the disk is full"); },
    [](StepIo&) { throw std::bad_alloc(); },
    [](StepIo&) {
      throw fs::filesystem_error("status", std::make_error_code(std::errc::io_error));
    },
    [](StepIo&) { throw std::out_of_range("at"); }, [](StepIo&) { throw 7; }};

}  // namespace

TEST_CASE("recovery: cut off in any phase, it goes back, newest first") {
  for (std::size_t count = 0; count <= std::size(kPhases); ++count) {
    CAPTURE(count);
    Bed bed;
    bed.cut_off(count);
    CHECK_FALSE(bed.run(recover_back));
    CHECK(bed.script.done == bed.undone_backwards(count));
    CHECK(bed.journal.ending() == Event::abort);
    CHECK(bed.journal.records().back().detail == Json("recovered"));
    // Once more does nothing.
    const std::size_t records = bed.journal.records().size();
    CHECK_FALSE(bed.run(recover_back));
    CHECK(bed.journal.records().size() == records);
  }
}

TEST_CASE("recovery: cut off in any phase, it goes forward and applies what is missing") {
  for (std::size_t count = 0; count <= std::size(kPhases); ++count) {
    CAPTURE(count);
    Bed bed;
    bed.cut_off(count);
    std::vector<std::string> expected;
    for (std::size_t i = count; i < std::size(kPhases); ++i) {
      expected.push_back("apply " + bed.plan.steps[i].id);
    }
    CHECK_FALSE(bed.run(recover_forward));
    CHECK(bed.script.done == expected);
    CHECK(bed.journal.ending() == Event::commit);
  }
}

TEST_CASE("recovery: forward, a step that was done in part is undone first") {
  Bed bed;
  bed.cut_off(2);
  bed.script.states["stage"] = StepState::partial;
  CHECK_FALSE(bed.run(recover_forward));
  REQUIRE(bed.script.done.size() > 2);
  CHECK(bed.script.done[0] == "undo stage");
  CHECK(bed.script.done[1] == "apply stage");
}

TEST_CASE("recovery: back, the drivers are told what was begun and how far it went") {
  Bed bed;
  bed.cut_off(4);
  std::optional<Phase> furthest;
  bed.script.acts["undo preflight"] = [&](StepIo& io) { furthest = io.furthest; };
  CHECK_FALSE(bed.run(recover_back));
  CHECK(bed.io.begun == std::set<std::string>{"preflight", "stage", "fence", "migrate"});
  CHECK(furthest == Phase::migrate);
}

TEST_CASE("recovery: whatever an undo throws leaves it open, says which step, and can be resumed") {
  for (std::size_t i = 0; i < kThrows.size(); ++i) {
    CAPTURE(i);
    Bed bed;
    bed.cut_off(5);
    bed.script.acts["undo stage"] = kThrows[i];
    const std::optional<Error> error = bed.run(recover_back);
    REQUIRE(error);
    CHECK(error->code() == Errc::needs_operator);
    CHECK(error->message().starts_with("do stage: cannot be undone: "));
    CHECK(error->hint().find("sealift-installer recover") != std::string::npos);
    CHECK_FALSE(bed.journal.ending());
    const std::optional<FailedUndo> failed = failed_undo(bed.journal);
    REQUIRE(failed);
    CHECK(failed->step == "stage");
    CHECK_FALSE(failed->why.empty());
    CHECK(failed->cause.empty());
    // What was taken back stays so; the rest follows once the cause is gone.
    bed.script.acts.clear();
    bed.script.done.clear();
    CHECK_FALSE(bed.run(recover_back));
    CHECK(bed.script.done == bed.undone_backwards(2));
    CHECK(bed.journal.ending() == Event::abort);
    CHECK_FALSE(failed_undo(bed.journal));
  }
}

TEST_CASE("recovery: whatever a step throws forward leaves it open, and it may still go back") {
  for (std::size_t i = 0; i < kThrows.size(); ++i) {
    CAPTURE(i);
    Bed bed;
    bed.cut_off(2);
    bed.script.acts["apply migrate"] = kThrows[i];
    const std::optional<Error> error = bed.run(recover_forward);
    REQUIRE(error);
    CHECK(error->code() == Errc::needs_operator);
    CHECK_FALSE(bed.journal.ending());
    bed.script.done.clear();
    CHECK_FALSE(bed.run(recover_back));
    CHECK(bed.script.done == bed.undone_backwards(4));
    CHECK(bed.journal.ending() == Event::abort);
  }
}

TEST_CASE("recovery: after ten attempts without an end nothing is tried any more") {
  Bed bed;
  bed.cut_off(3);
  bed.script.acts["undo stage"] = kThrows[0];
  for (std::size_t i = 0; i < kMaxRecoveries; ++i) CHECK(bed.run(recover_back));
  bed.script.acts.clear();
  bed.script.done.clear();
  const std::optional<Error> error = bed.run(recover_back);
  REQUIRE(error);
  CHECK(error->code() == Errc::needs_operator);
  CHECK(error->message().find("recovered 10 times without an end") != std::string::npos);
  CHECK(bed.script.done.empty());
  CHECK(bed.journal.count(Event::recovering) == kMaxRecoveries);
}

TEST_CASE("recovery: only what nobody can see yet is undone without asking") {
  for (std::size_t count = 0; count <= std::size(kPhases); ++count) {
    CAPTURE(count);
    Bed bed;
    bed.cut_off(count);
    CHECK(is_only_staged(bed.journal) == (count <= 3));
  }
}

TEST_CASE("recovery: what was taken back before it was cut off no longer counts") {
  Bed bed;
  bed.cut_off(5);
  for (const char* id : {"activate", "migrate"}) bed.journal.append(Event::undone, id);
  CHECK(is_only_staged(bed.journal));
  CHECK_FALSE(bed.run(recover_back));
  CHECK(bed.script.done == bed.undone_backwards(3));
}

TEST_CASE("recovery: a journal that names a step which its plan lacks is refused, and stays open") {
  Bed bed;
  bed.journal.append(Event::applying, "sell");
  const std::optional<Error> error = bed.run(recover_back);
  REQUIRE(error);
  CHECK(error->message().find("the step sell, which its plan lacks") != std::string::npos);
  CHECK_FALSE(bed.journal.ending());
}

TEST_CASE("transaction: a failure in any phase takes back just what was begun") {
  for (std::size_t at = 0; at < std::size(kPhases); ++at) {
    for (std::size_t i = 0; i < kThrows.size(); ++i) {
      CAPTURE(at, i);
      Bed bed;
      bed.script.acts["apply " + bed.plan.steps[at].id] = kThrows[i];
      const std::optional<Error> error = bed.run(run_transaction);
      REQUIRE(error);
      CHECK(error->code() == Errc::target_failed);
      CHECK(error->message().ends_with("; everything was undone, the site is as before"));
      CHECK(bed.journal.ending() == Event::abort);
      std::vector<std::string> expected;
      for (std::size_t j = 0; j < at; ++j) expected.push_back("apply " + bed.plan.steps[j].id);
      for (const std::string& word : bed.undone_backwards(at + 1)) expected.push_back(word);
      CHECK(bed.script.done == expected);
    }
  }
}

TEST_CASE("transaction: a failure, and an undo that throws anything: both are said and recorded") {
  for (std::size_t i = 0; i < kThrows.size(); ++i) {
    CAPTURE(i);
    Bed bed;
    bed.script.acts["apply activate"] = [](StepIo&) { throw Error(Errc::io, "no room"); };
    bed.script.acts["undo migrate"] = kThrows[i];
    const std::optional<Error> error = bed.run(run_transaction);
    REQUIRE(error);
    CHECK(error->code() == Errc::needs_operator);
    CHECK(error->message().find("do migrate: cannot be undone") != std::string::npos);
    CHECK(error->message().ends_with("; it went back because no room"));
    CHECK_FALSE(bed.journal.ending());
    const Journal read = Journal::read(bed.folder.path() / "000001.journal", tests::kGivenClock);
    const std::optional<FailedUndo> failed = failed_undo(read);
    REQUIRE(failed);
    CHECK(failed->step == "migrate");
    CHECK(failed->cause == "no room");
  }
}

TEST_CASE("transaction: what undos have made sure of, or left, is what the failure says") {
  Bed bed;
  bed.script.acts["apply check"] = [](StepIo&) { throw Error(Errc::io, "not healthy"); };
  bed.script.acts["undo migrate"] = [](StepIo& io) {
    io.kept.push_back("the database stays migrated");
  };
  bed.script.acts["undo activate"] = [](StepIo& io) {
    io.proved.push_back("web serves the old release");
  };
  const std::optional<Error> error = bed.run(run_transaction);
  REQUIRE(error);
  CHECK(error->message() ==
        "not healthy; everything else was undone, the database stays migrated; web serves the old "
        "release");
}

TEST_CASE("transaction: a person who interrupts a step that hangs gets the old release back") {
  const Interruptible now;
  Bed bed;
  // As a driver waits: until it has ended, or somebody stops it.
  bed.script.acts["apply activate"] = [](StepIo& io) {
    ::raise(SIGTERM);
    while (true) io.stop.throw_if_set();
  };
  const std::optional<Error> error = bed.run(run_transaction);
  REQUIRE(error);
  CHECK(error->code() == Errc::interrupted);
  CHECK(error->message() == "interrupted; everything was undone, nothing was changed");
  CHECK(bed.journal.ending() == Event::abort);
}

TEST_CASE("transaction: an interrupt between two steps is heeded before the next one begins") {
  const Interruptible now;
  Bed bed;
  bed.script.acts["apply fence"] = [](StepIo&) { ::raise(SIGTERM); };
  const std::optional<Error> error = bed.run(run_transaction);
  REQUIRE(error);
  CHECK(error->code() == Errc::interrupted);
  CHECK(bed.journal.count(Event::applying) == 3);
  CHECK(bed.journal.ending() == Event::abort);
}

TEST_CASE("transaction: a step that works beside one that fails is waited for, and undone") {
  Script failing;
  Script slow;
  std::atomic<bool> has_failed = false;
  failing.acts["apply a"] = [&](StepIo&) {
    has_failed = true;
    throw Error(Errc::io, "no room");
  };
  slow.acts["apply b"] = [&](StepIo&) {
    while (!has_failed) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  };
  std::map<std::string, std::unique_ptr<Driver>> drivers;
  drivers["failing"] = std::make_unique<ScriptedDriver>(failing);
  drivers["slow"] = std::make_unique<ScriptedDriver>(slow);
  const Drivers all(std::move(drivers));
  Bed bed;
  Step a = tests::given_step("a", Phase::stage, "failing");
  Step b = tests::given_step("b", Phase::stage, "slow");
  a.component = "a";
  b.component = "b";
  Journal journal =
      Journal::create(bed.folder.path(),
                      tests::given_plan(Purpose::apply, tests::given_revision(2, "2.0.0"), {a, b}),
                      tests::kGivenClock);
  const std::optional<Error> error = error_of([&] { run_transaction(journal, all, bed.io); });
  REQUIRE(error);
  CHECK(error->code() == Errc::target_failed);
  CHECK(failing.done == std::vector<std::string>{"undo a"});
  CHECK(slow.done == std::vector<std::string>{"apply b", "undo b"});
}

}  // namespace sealift::installer::recovery_test
