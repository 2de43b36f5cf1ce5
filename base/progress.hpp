// SPDX-License-Identifier: Apache-2.0
#pragma once

// What long work tells the person who waits: builds, verifications, the steps of a transaction and
// what they wait for. Called by any thread; cli/ shows it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sealift {

enum class StepEnd { done, failed };

class Progress {
 public:
  virtual ~Progress() = default;
  // A piece of work, which may be part of the one before; `total` in bytes, 0 where it is not
  // known. The end of a step ends what was begun in it.
  virtual void begin(std::string_view what, std::uint64_t total) = 0;
  // So many more; called often, so it must be cheap.
  virtual void advance(std::uint64_t bytes) = 0;
  virtual void end() = 0;
  // What the work waits for, such as "service api (starting)", and for how long at most; 0: nobody
  // knows. Valid until the next call of anything but advance(); called at every look.
  virtual void wait_for(std::string_view what, std::chrono::seconds at_most) = 0;
  // Step `number` of `count`, from 1; several may run beside each other. Said between the records
  // of a journal, where no memory for a line may fail nothing.
  virtual void begin_step(std::size_t number, std::size_t count,
                          std::string_view what) noexcept = 0;
  virtual void end_step(std::size_t number, StepEnd end) noexcept = 0;
};

// Says nothing.
class Silence : public Progress {
 public:
  void begin(std::string_view, std::uint64_t) override {}
  void advance(std::uint64_t) override {}
  void end() override {}
  void wait_for(std::string_view, std::chrono::seconds) override {}
  void begin_step(std::size_t, std::size_t, std::string_view) noexcept override {}
  void end_step(std::size_t, StepEnd) noexcept override {}
};

// A step for as long as it lives; one that is left before done() has failed.
class ShownStep {
 public:
  ShownStep(Progress& progress, std::size_t number, std::size_t count, std::string_view what)
      : progress_(progress), number_(number) {
    progress_.begin_step(number, count, what);
  }
  ShownStep(const ShownStep&) = delete;
  ShownStep& operator=(const ShownStep&) = delete;
  ~ShownStep() { progress_.end_step(number_, end_); }
  void done() { end_ = StepEnd::done; }

 private:
  Progress& progress_;
  std::size_t number_;
  StepEnd end_ = StepEnd::failed;
};

}  // namespace sealift
