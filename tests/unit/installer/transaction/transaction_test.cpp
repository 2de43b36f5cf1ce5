// SPDX-License-Identifier: Apache-2.0
#include "installer/transaction/transaction.hpp"

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdlib>
#include <new>

#include "base/parallel.hpp"
#include "installer/driver/step_driver.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/installer/given.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace {

// The n-th request from now on fails; 0: none does.
std::atomic<std::size_t> failing_thread = 0;
std::atomic<bool> no_threads = false;

#ifndef __SANITIZE_ADDRESS__
thread_local std::size_t failing_allocation = 0;

bool is_turn(std::size_t& left) {
  return left > 0 && --left == 0;
}
#endif

}  // namespace

#ifndef __SANITIZE_ADDRESS__
// NOLINTBEGIN(misc-new-delete-overloads): the others call these
void* operator new(std::size_t size) {
  void* memory = is_turn(failing_allocation) ? nullptr : std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
// NOLINTEND(misc-new-delete-overloads)
#endif

// Takes the place of the C library's, which the standard library calls.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*work)(void*), void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto create = reinterpret_cast<Create>(::dlsym(RTLD_NEXT, "pthread_create"));
  std::size_t left = failing_thread.load();
  if (left > 0) failing_thread = left - 1;
  if (no_threads || left == 1) return EAGAIN;
  return create(thread, attributes, work, argument);
}

namespace sealift::installer::transaction_test {

namespace {

const FixedClock kClock(Time{1'700'000'000});
using World = std::map<std::string, bool>;  // of each step, whether the new release is there

// Switches in `world`; the step named `failing` does what `failure` does first.
class SwitchDriver : public StepDriver {
 public:
  SwitchDriver(World& world, std::string failing, std::function<void()> failure)
      : world_(world), failing_(std::move(failing)), failure_(std::move(failure)) {}
  Json apply(const Step& step, StepIo&) override {
    if (step.id == failing_) failure_();
    world_.at(step.id) = true;
    return nullptr;
  }
  void undo(const Step& step, const std::optional<Json>&, StepIo&) override {
    world_.at(step.id) = false;
  }

 private:
  World& world_;
  std::string failing_;
  std::function<void()> failure_;
};

struct Bed {
  tests::ScratchFolder folder;
  World world;
  Plan plan;
  tests::NoContent content;
  Silence silence;
  StopFlag stop;

  // Steps of `stage` run beside each other: each has a component and a driver of its own.
  explicit Bed(Phase phase) {
    plan.number = 1;
    plan.actor = "anna";
    plan.outcome.number = 1;
    for (const char* id : {"a", "b", "c"}) {
      Step step;
      step.id = id;
      step.phase = phase;
      step.component = id;
      step.driver = id;
      step.summary = id;
      plan.steps.push_back(std::move(step));
      world[id] = false;
    }
  }

  Journal journal() const { return Journal::create(folder.path(), plan, kClock); }

  Drivers drivers(const std::string& failing = {}, const std::function<void()>& failure = {}) {
    std::map<std::string, std::unique_ptr<Driver>> drivers;
    for (const Step& step : plan.steps) {
      drivers[step.driver] = std::make_unique<SwitchDriver>(world, failing, failure);
    }
    return Drivers(std::move(drivers));
  }
  std::optional<Error> run(Journal& journal, const std::string& failing = {},
                           const std::function<void()>& failure = {}) {
    return run(journal, drivers(failing, failure));
  }
  std::optional<Error> run(Journal& journal, const Drivers& drivers) {
    StepIo io{.content = content, .progress = silence, .stop = stop};
    return tests::error_of([&] { run_transaction(journal, drivers, io); });
  }

  bool is(bool is_new) const {
    return std::all_of(world.begin(), world.end(),
                       [&](const auto& each) { return each.second == is_new; });
  }
};

}  // namespace

TEST_CASE("transaction: whatever a step throws, on any thread, takes everything back") {
  const std::vector<std::function<void()>> failures = {
      [] { throw Error(Errc::io, "full"); },
      [] { throw std::bad_alloc(); },
      [] { throw fs::filesystem_error("status", std::make_error_code(std::errc::io_error)); },
      [] {
        throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
      },
      [] { Json::object().at("missing"); },
      [] { throw std::out_of_range("at"); },
      [] { throw 7; }};
  for (const Phase phase : {Phase::stage, Phase::activate}) {
    for (std::size_t i = 0; i < failures.size(); ++i) {
      CAPTURE(i, name(phase));
      Bed bed(phase);
      Journal journal = bed.journal();
      const std::optional<Error> error = bed.run(journal, "b", failures[i]);
      REQUIRE(error);
      CHECK(error->code() == Errc::target_failed);
      CHECK(journal.ending() == Event::abort);
      CHECK(bed.is(false));
    }
  }
}

TEST_CASE("transaction: a rehearsal applies every step and takes it back") {
  for (const Phase phase : {Phase::stage, Phase::activate}) {
    Bed bed(phase);
    Journal journal = bed.journal();
    bool was_there = false;
    const Drivers drivers =
        bed.drivers("c", [&] { was_there = phase == Phase::stage || bed.world.at("b"); });
    StepIo io{.content = bed.content, .progress = bed.silence, .stop = bed.stop};
    rehearse_transaction(journal, drivers, io);
    CHECK(was_there);
    CHECK(journal.count(Event::applied) == 3);
    CHECK(journal.ending() == Event::abort);
    CHECK(bed.is(false));
  }
}

TEST_CASE("transaction: a rehearsal that fails says so, and takes back what it did") {
  Bed bed(Phase::activate);
  Journal journal = bed.journal();
  const Drivers drivers = bed.drivers("b", [] { throw Error(Errc::io, "full"); });
  StepIo io{.content = bed.content, .progress = bed.silence, .stop = bed.stop};
  const std::optional<Error> error =
      tests::error_of([&] { rehearse_transaction(journal, drivers, io); });
  REQUIRE(error);
  CHECK(error->code() == Errc::target_failed);
  CHECK(journal.ending() == Event::abort);
  CHECK(bed.is(false));
}

TEST_CASE("transaction: without threads the steps run one after the other") {
  no_threads = true;
  Bed bed(Phase::stage);
  Journal journal = bed.journal();
  CHECK_FALSE(bed.run(journal));
  CHECK(bed.is(true));
  // Nor does anything else need one.
  Workers workers(2);
  Ordered<int> ordered(workers);
  ordered.put([] { return 1; });
  CHECK(ordered.take() == 1);
  std::atomic<int> sum = 0;
  side_by_side(4, 10, [&] { return [&](std::size_t i) { sum += static_cast<int>(i); }; });
  CHECK(sum == 45);
  no_threads = false;
}

TEST_CASE("transaction: the n-th thread that cannot start changes nothing") {
  for (std::size_t n = 1; n <= 4; ++n) {
    CAPTURE(n);
    Bed bed(Phase::stage);
    Journal journal = bed.journal();
    failing_thread = n;
    CHECK_FALSE(bed.run(journal));
    failing_thread = 0;
    CHECK(bed.is(true));
    CHECK(journal.ending() == Event::commit);
  }
}

#ifndef __SANITIZE_ADDRESS__
TEST_CASE("transaction: memory that runs out at the n-th request leaves old, new, or an open one") {
  bool has_failed = true;
  for (std::size_t n = 1; has_failed; ++n) {
    Bed bed(Phase::activate);
    std::map<std::string, std::unique_ptr<Driver>> drivers;
    for (const Step& step : bed.plan.steps) {
      drivers[step.driver] = std::make_unique<SwitchDriver>(bed.world, "", nullptr);
    }
    const Drivers all(std::move(drivers));
    Journal journal = bed.journal();
    failing_allocation = n;
    const std::optional<Error> error = bed.run(journal, all);
    has_failed = failing_allocation == 0;
    failing_allocation = 0;
    CAPTURE(n, error ? error->message() : "");
    const Journal read = Journal::read(bed.folder.path() / "000001.journal", kClock);
    CHECK(read.ending() == journal.ending());
    if (!error) {
      CHECK(read.ending() == Event::commit);
      CHECK(bed.is(true));
    } else if (error->code() == Errc::needs_operator) {
      CHECK_FALSE(read.ending());
    } else {
      CHECK(error->code() == Errc::target_failed);
      CHECK(read.ending() == Event::abort);
      CHECK(bed.is(false));
    }
  }
}
#endif

}  // namespace sealift::installer::transaction_test
