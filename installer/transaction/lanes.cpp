// SPDX-License-Identifier: Apache-2.0
#include "installer/transaction/lanes.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <iterator>
#include <memory>
#include <mutex>

#include "base/log_form.hpp"
#include "base/parallel.hpp"

namespace sealift::installer {

namespace {

// A driver keeps what it has learnt of its place, and is used by one thread at a time.
bool depends(const Step& step, const Lane& lane) {
  return std::any_of(lane.begin(), lane.end(), [&](const Step* other) {
    return other->component == step.component || other->driver == step.driver;
  });
}

// In the order of the plan, where all steps stand beside each other.
void merge_into(Lane& lane, Lane& other) {
  Lane both;
  std::merge(lane.begin(), lane.end(), other.begin(), other.end(), std::back_inserter(both));
  lane = std::move(both);
  other.clear();
}

using Contents = std::vector<std::unique_ptr<Content>>;

// One for each lane; empty where there is but one lane, or content that one thread must use alone.
Contents twins(const std::vector<Lane>& lanes, const Content& content) {
  Contents contents;
  if (lanes.size() == 1) return contents;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    std::unique_ptr<Content> twin = content.twin();
    if (!twin) return {};
    contents.push_back(std::move(twin));
  }
  return contents;
}

// Steps are numbered by their place in the plan.
std::size_t number_of(const Step& step, const Journal& journal) {
  return static_cast<std::size_t>(&step - journal.plan().steps.data()) + 1;
}

// Applies lanes side by side: a thread for each step that runs, or the caller's where there is none
// to be had, while the caller's alone writes the journal. The first failure lets those that run
// come to their end, and begins no other.
class Beside {
 public:
  // `contents` has one for each lane.
  Beside(const std::vector<Lane>& lanes, Contents contents, Journal& journal,
         const Drivers& drivers, StepIo& io)
      : lanes_(lanes),
        journal_(journal),
        drivers_(drivers),
        stop_(io.stop),
        progress_(io.progress),
        contents_(std::move(contents)),
        next_(lanes.size()),
        results_(lanes.size()),
        has_ended_(lanes.size()),
        threads_(lanes.size()) {
    for (const std::unique_ptr<Content>& content : contents_) {
      ios_.push_back(
          {.content = *content, .progress = io.progress, .stop = io.stop, .writes = io.writes});
    }
  }

  void apply() {
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) unless_failed([&] { begin(lane); });
    for (; running_ > 0; --running_) {
      const std::size_t lane = wait_for_one();
      threads_[lane].join();
      progress_.end_step(number_of(*lanes_[lane][next_[lane]], journal_),
                         results_[lane].failure ? StepEnd::failed : StepEnd::done);
      unless_failed([&] { end(lane); });
    }
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  // Of the step that a lane is at.
  struct Result {
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

  // The lane's next step, if it has one. The record comes first: a step that is not in the journal
  // was never begun.
  void begin(std::size_t lane) {
    if (next_[lane] == lanes_[lane].size()) return;
    stop_.throw_if_set();
    const Step& step = *lanes_[lane][next_[lane]];
    Driver& driver = drivers_.named(step.driver);
    journal_.append(Event::applying, step.id);
    results_[lane] = {};
    ++running_;
    progress_.begin_step(number_of(step, journal_), journal_.plan().steps.size(), step.summary);
    const auto work = [this, lane, &step, &driver] { run(lane, step, driver); };
    if (!threads_[lane].start(work)) work();
  }

  // Called by the thread that owns the journal; the step's own thread has been joined.
  void end(std::size_t lane) {
    Result& result = results_[lane];
    if (result.failure) std::rethrow_exception(result.failure);
    journal_.append(Event::applied, lanes_[lane][next_[lane]]->id, std::move(result.json));
    ++next_[lane];
    begin(lane);
  }

  // Allocates nothing once the step is done: a thread has nobody to throw to.
  void run(std::size_t lane, const Step& step, Driver& driver) {
    try {
      results_[lane].json = driver.apply(step, ios_[lane]);
    } catch (...) {
      results_[lane].failure = std::current_exception();
    }
    const std::lock_guard guard(mutex_);
    has_ended_[lane] = true;
    changed_.notify_one();
  }

  std::size_t wait_for_one() {
    std::unique_lock lock(mutex_);
    auto ended = has_ended_.end();
    changed_.wait(lock, [&] {
      ended = std::find(has_ended_.begin(), has_ended_.end(), true);
      return ended != has_ended_.end();
    });
    *ended = false;
    return static_cast<std::size_t>(ended - has_ended_.begin());
  }

  const std::vector<Lane>& lanes_;
  Journal& journal_;
  const Drivers& drivers_;
  const StopFlag& stop_;
  Progress& progress_;
  // Of each lane.
  Contents contents_;
  std::deque<StepIo> ios_;
  std::vector<std::size_t> next_;
  std::vector<Result> results_;
  std::vector<bool> has_ended_;

  std::size_t running_ = 0;
  std::exception_ptr failure_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Threads> threads_;  // last, for they use everything above; of each lane
};

}  // namespace

// A step that depends on two lanes makes one of them.
std::vector<Lane> lanes_of(std::span<const Step> steps) {
  std::vector<Lane> lanes;
  for (const Step& step : steps) {
    Lane* home = nullptr;
    for (Lane& lane : lanes) {
      if (!depends(step, lane)) continue;
      if (home == nullptr) {
        home = &lane;
      } else {
        merge_into(*home, lane);
      }
    }
    if (home == nullptr) home = &lanes.emplace_back();
    home->push_back(&step);
  }
  std::erase_if(lanes, [](const Lane& lane) { return lane.empty(); });
  return lanes;
}

void apply_step(Journal& journal, const Step& step, const Drivers& drivers, StepIo& io) {
  io.stop.throw_if_set();
  journal.append(Event::applying, step.id);
  const log::Label id("step", step.id);
  const log::Label component("component", step.component);
  ShownStep shown(io.progress, number_of(step, journal), journal.plan().steps.size(), step.summary);
  Json result = drivers.named(step.driver).apply(step, io);
  journal.append(Event::applied, step.id, std::move(result));
  shown.done();
}

void apply_beside(const std::vector<Lane>& lanes, Journal& journal, const Drivers& drivers,
                  StepIo& io) {
  Contents contents = twins(lanes, io.content);
  if (!contents.empty()) {
    Beside(lanes, std::move(contents), journal, drivers, io).apply();
    return;
  }
  for (const Lane& lane : lanes) {
    for (const Step* step : lane) apply_step(journal, *step, drivers, io);
  }
}

}  // namespace sealift::installer
