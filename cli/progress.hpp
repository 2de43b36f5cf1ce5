// SPDX-License-Identifier: Apache-2.0
#pragma once

// Long work on standard error. On a terminal one line that is rewritten: the step, bytes, rate and
// time left, what is waited for and how long. Elsewhere one line at the end of each step, one more
// only for a step that takes long, and the pieces of work with --verbose. Nothing with --quiet.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/parallel.hpp"
#include "base/progress.hpp"

namespace sealift::cli {

// Where it is shown, and by whose clock.
struct Screen {
  using Now = std::chrono::steady_clock::time_point;
  log::Level level = log::Level::normal;
  std::size_t columns = 0;  // of the terminal; 0: it is none
  std::function<Now()> now;
  std::function<void(std::string_view)> write;
};
Screen screen_of_standard_error(log::Level level);

class ScreenProgress : public Progress {
 public:
  explicit ScreenProgress(Screen screen);
  ~ScreenProgress() override;

  void begin(std::string_view what, std::uint64_t total) override;
  void advance(std::uint64_t bytes) override;
  void end() override;
  void wait_for(std::string_view what, std::chrono::seconds at_most) override;
  void begin_step(std::size_t number, std::size_t count, std::string_view what) noexcept override;
  void end_step(std::size_t number, StepEnd end) noexcept override;

  // Shows what has changed by time alone.
  void look();
  // Takes the line away, so that a result or a warning begins on a line of its own.
  void clear();

 private:
  using Now = Screen::Now;
  struct Piece {
    std::string what;
    std::uint64_t total = 0;
    std::uint64_t done = 0;
    Now began;
  };
  struct Waiting {
    std::string what;  // empty: for nothing
    std::chrono::seconds at_most{0};
    Now began;
  };
  struct RunningStep {
    std::string name;  // "[12/18] bring web up"
    Now began;
    Now told;                // last, where there is no terminal
    std::size_t pieces = 0;  // that were begun before it
  };

  bool is_terminal() const { return screen_.columns > 0; }
  std::string piece_text(Now now) const;
  std::string waiting_text(Now now) const;
  std::string step_text(const RunningStep& step, Now now) const;
  void show(Now now);
  void tell_of_long_steps(Now now);
  void erase();

  Screen screen_;
  std::mutex mutex_;
  std::vector<Piece> pieces_;  // the last is part of those before
  std::map<std::size_t, RunningStep> steps_;
  std::size_t newest_ = 0;  // step
  Waiting waiting_;
  bool shown_ = false;
  Now last_;
};

// Lets a progress be looked at a few times a second, for as long as this lives: a program that is
// waited for tells nothing by itself.
class Ticker {
 public:
  explicit Ticker(ScreenProgress& progress);
  ~Ticker();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  Threads thread_;
};

}  // namespace sealift::cli
