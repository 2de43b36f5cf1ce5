// SPDX-License-Identifier: Apache-2.0
#include "installer/transaction.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <span>
#include <thread>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "installer/lanes.hpp"

namespace sealift::installer {

namespace {

// Of a record `needs_operator`.
constexpr const char* kWhy = "why";
constexpr const char* kCause = "cause";

std::string text_in(const Json& detail, const char* key) {
  return detail.is_object() ? detail.value(key, "") : std::string();
}

const Step& step_of(const Journal& journal, const std::string& id) {
  for (const Step& step : journal.plan().steps) {
    if (step.id == id) return step;
  }
  throw Error(Errc::corrupt, format("the journal speaks of the step {}, which its plan lacks", id));
}

struct Begun {
  const Step* step;
  std::optional<Json> result;
};

// Steps that were begun and not taken back, in the order in which they began.
std::vector<Begun> begun_steps(const Journal& journal) {
  std::vector<Begun> begun;
  for (const Record& record : journal.records()) {
    const auto find = [&] {
      return std::find_if(begun.begin(), begun.end(),
                          [&](const Begun& each) { return each.step->id == record.step; });
    };
    if (record.event == Event::applying && find() == begun.end()) {
      begun.push_back({&step_of(journal, record.step), std::nullopt});
    } else if (record.event == Event::applied) {
      if (const auto known = find(); known != begun.end()) known->result = record.detail;
    } else if (record.event == Event::undone) {
      if (const auto known = find(); known != begun.end()) begun.erase(known);
    }
  }
  return begun;
}

void apply_step(Journal& journal, const Step& step, const Drivers& drivers, StepIo& io) {
  io.stop.throw_if_set();
  journal.append(Event::applying, step.id);
  Json result = drivers.named(step.driver).apply(step, io);
  journal.append(Event::applied, step.id, std::move(result));
}

// What several threads tell the person who waits.
class SharedProgress : public Progress {
 public:
  explicit SharedProgress(Progress& to) : to_(to) {}
  void begin(std::string_view what, std::uint64_t total) override {
    const std::lock_guard guard(mutex_);
    to_.begin(what, total);
  }
  void advance(std::uint64_t bytes) override {
    const std::lock_guard guard(mutex_);
    to_.advance(bytes);
  }
  void end() override {
    const std::lock_guard guard(mutex_);
    to_.end();
  }

 private:
  std::mutex mutex_;
  Progress& to_;
};

// Nothing of it can be seen, so only how long it takes depends on the order. What belongs to no
// component stands between those that do.
bool may_overlap(const Step& step) {
  return step.phase == Phase::stage && !step.component.empty();
}

// Applies lanes side by side: a thread for each step that runs, while the caller's alone writes the
// journal. The first failure lets those that run come to their end, and begins no other.
class Beside {
 public:
  Beside(const std::vector<Lane>& lanes, Journal& journal, const Drivers& drivers, StepIo& io)
      : lanes_(lanes),
        journal_(journal),
        drivers_(drivers),
        stop_(io.stop),
        progress_(io.progress) {
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      contents_.push_back(io.content.twin());
      ios_.push_back({.content = *contents_.back(),
                      .progress = progress_,
                      .stop = io.stop,
                      .writes = io.writes});
    }
    next_.resize(lanes.size());
    threads_.resize(lanes.size());
  }

  void apply() {
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) unless_failed([&] { begin(lane); });
    for (; running_ > 0; --running_) {
      Result result = take();
      threads_[result.lane].join();
      unless_failed([&] { end(std::move(result)); });
    }
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  struct Result {
    std::size_t lane;
    Json json;
    std::exception_ptr failure;
  };

  template <typename Work>
  void unless_failed(Work&& work) {
    if (failure_) return;
    try {
      work();
    } catch (...) {
      failure_ = std::current_exception();
    }
  }

  // The lane's next step, if it has one.
  void begin(std::size_t lane) {
    if (next_[lane] == lanes_[lane].size()) return;
    stop_.throw_if_set();
    const Step& step = *lanes_[lane][next_[lane]];
    Driver& driver = drivers_.named(step.driver);
    journal_.append(Event::applying, step.id);
    threads_[lane] = std::thread([this, lane, &step, &driver] { run(lane, step, driver); });
    ++running_;
  }

  void end(Result result) {
    if (result.failure) std::rethrow_exception(result.failure);
    const Step& step = *lanes_[result.lane][next_[result.lane]];
    journal_.append(Event::applied, step.id, std::move(result.json));
    ++next_[result.lane];
    begin(result.lane);
  }

  void run(std::size_t lane, const Step& step, Driver& driver) {
    Result result{.lane = lane, .json = nullptr, .failure = nullptr};
    try {
      result.json = driver.apply(step, ios_[lane]);
    } catch (...) {
      result.failure = std::current_exception();
    }
    const std::lock_guard guard(mutex_);
    results_.push_back(std::move(result));
    changed_.notify_one();
  }

  Result take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !results_.empty(); });
    Result result = std::move(results_.front());
    results_.pop_front();
    return result;
  }

  const std::vector<Lane>& lanes_;
  Journal& journal_;
  const Drivers& drivers_;
  const StopFlag& stop_;
  SharedProgress progress_;
  // Of each lane.
  std::vector<std::unique_ptr<Content>> contents_;
  std::deque<StepIo> ios_;
  std::vector<std::size_t> next_;
  std::vector<std::thread> threads_;

  std::size_t running_ = 0;
  std::exception_ptr failure_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Result> results_;  // of those that have ended
};

void apply_all(Journal& journal, const Drivers& drivers, StepIo& io) {
  const std::span<const Step> steps = journal.plan().steps;
  for (auto next = steps.begin(); next != steps.end();) {
    const auto end = std::find_if_not(next, steps.end(), may_overlap);
    const std::vector<Lane> lanes = lanes_of({next, end});
    if (lanes.size() > 1 && io.content.twin() != nullptr) {
      Beside(lanes, journal, drivers, io).apply();
      next = end;
    } else {
      apply_step(journal, *next++, drivers, io);
    }
  }
}

void commit(Journal& journal) {
  journal.append(Event::commit);
  journal.close();
}

// Takes back everything; afterwards the journal has ended with `abort`. `cause` is the failure that
// made it necessary; empty: a person who recovers.
void undo_all(Journal& journal, const Drivers& drivers, StepIo& io, const std::string& cause) {
  for (const Record& record : journal.records()) {
    if (record.event != Event::applying) continue;
    io.begun.insert(record.step);
    io.furthest = std::max(io.furthest, std::optional(step_of(journal, record.step).phase));
  }
  std::vector<Begun> begun = begun_steps(journal);
  std::reverse(begun.begin(), begun.end());
  for (const Begun& each : begun) {
    try {
      drivers.named(each.step->driver).undo(*each.step, each.result, io);
    } catch (const Error& error) {
      try {
        Json detail = {{kWhy, error.message()}};
        if (!cause.empty()) detail[kCause] = cause;
        journal.append(Event::needs_operator, each.step->id, std::move(detail));
      } catch (const Error& failure) {
        log::warning(format("the journal cannot record it: {}", failure.message()));
      }
      throw Error(Errc::needs_operator,
                  format("{}: cannot be undone: {}{}", each.step->summary, error.message(),
                         cause.empty() ? cause : format("; it went back because {}", cause)),
                  error.hint().empty()
                      ? "mend the cause, then run: sealift-installer recover (what stands where "
                        "says: sealift-installer status)"
                      : format("{}; then run: sealift-installer recover", error.hint()));
    }
    journal.append(Event::undone, each.step->id);
  }
  journal.append(Event::abort, {}, Json(cause.empty() ? "recovered" : cause));
  journal.close();
}

// What is known of the site after everything was undone.
std::string outcome_of(const StepIo& io, std::string_view otherwise) {
  return io.proved.empty() ? std::string(otherwise) : joined(io.proved, "; ");
}

// Where an attempt ends before it begins: nothing more is tried without a person.
void count_attempt(Journal& journal) {
  if (journal.count(Event::recovering) >= kMaxRecoveries) {
    throw Error(Errc::needs_operator,
                format("transaction {} was recovered {} times without an end",
                       journal.plan().number, kMaxRecoveries),
                "see: sealift-installer status");
  }
  journal.append(Event::recovering);
}

}  // namespace

void run(Journal& journal, const Drivers& drivers, StepIo& io) {
  try {
    apply_all(journal, drivers, io);
    commit(journal);
  } catch (const Error& error) {
    undo_all(journal, drivers, io, error.message());
    if (error.code() == Errc::interrupted) {
      throw Error(Errc::interrupted, format("interrupted; everything was undone, {}",
                                            outcome_of(io, "nothing was changed")));
    }
    throw Error(Errc::target_failed,
                format("{}; everything was undone, {}", error.message(),
                       outcome_of(io, "the site is as before")),
                error.hint());
  }
}

void recover_back(Journal& journal, const Drivers& drivers, StepIo& io) {
  if (journal.ending()) return;
  count_attempt(journal);
  undo_all(journal, drivers, io, {});
}

void recover_forward(Journal& journal, const Drivers& drivers, StepIo& io) {
  if (journal.ending()) return;
  count_attempt(journal);
  for (const Step& step : journal.plan().steps) {
    Driver& driver = drivers.named(step.driver);
    const StepState state = driver.check(step, io);
    if (state == StepState::applied) continue;
    if (state == StepState::partial) driver.undo(step, std::nullopt, io);
    apply_step(journal, step, drivers, io);
  }
  commit(journal);
}

std::optional<FailedUndo> failed_undo(const Journal& journal) {
  std::optional<FailedUndo> failed;
  std::string cause;
  for (const Record& record : journal.records()) {
    if (record.event == Event::needs_operator) {
      if (cause.empty()) cause = text_in(record.detail, kCause);
      failed = {.step = record.step,
                .why = text_in(record.detail, kWhy),
                .cause = cause,
                .time = record.time};
    }
    if (record.event == Event::undone && failed && failed->step == record.step) failed.reset();
  }
  return failed;
}

bool is_only_staged(const Journal& journal) {
  const std::vector<Begun> begun = begun_steps(journal);
  return std::all_of(begun.begin(), begun.end(),
                     [](const Begun& each) { return each.step->phase <= Phase::fence; });
}

}  // namespace sealift::installer
