// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/format.hpp"
#include "base/log_form.hpp"
#include "base/terminal.hpp"
#include "base/wrap.hpp"
#include "cli/output.hpp"

namespace sealift::cli {

namespace {

using std::chrono::duration;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;

// At most so often: a terminal at the end of a slow line would hold up the work.
constexpr milliseconds kBetween{100};
constexpr milliseconds kTick{250};
// Where there is no terminal: a step that takes longer is told when it has begun, and again, so
// that nobody takes silence for a program that hangs.
constexpr seconds kLong{5};
constexpr seconds kAgain{60};

constexpr std::string_view kCut = "...";

double seconds_in(Screen::Now::duration time) {
  return duration<double>(time).count();
}

std::string time_text(Screen::Now::duration time) {
  const double taken = seconds_in(time);
  return taken < 1 ? format("{:.1f} s", taken) : duration_text(duration_cast<seconds>(time));
}

// A line that the terminal breaks could not be rewritten: the name gives way to what changes.
std::string fitting(std::string_view name, std::string_view text, std::size_t columns) {
  if (columns_of(name) + columns_of(text) <= columns) return format("{}{}", name, text);
  const std::size_t taken = std::min(columns, columns_of(text) + kCut.size());
  const std::string line = format("{}{}{}", first_columns(name, columns - taken), kCut, text);
  return std::string(first_columns(line, columns));
}

// What cannot be shown is not.
template <typename Show>
void unless_out_of_memory(Show&& show) noexcept {
  try {
    show();
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace

Screen screen_of_standard_error(log::Level level) {
  const auto now = [] { return std::chrono::steady_clock::now(); };
  // Lines of JSON are for a collector: nothing is rewritten.
  if (log::form() == log::Form::json) {
    return {.level = level, .columns = 0, .now = now, .write = [](std::string_view text) {
              log::progress(text.substr(0, text.find('\n')));
            }};
  }
  return {.level = level,
          .columns = terminal_columns(STDERR_FILENO),
          .now = now,
          .write = [](std::string_view text) {
            std::fwrite(text.data(), 1, text.size(), stderr);
            std::fflush(stderr);
          }};
}

ScreenProgress::ScreenProgress(Screen screen) : screen_(std::move(screen)) {
  if (is_terminal()) log::before_each_line([this] { clear(); });
}

ScreenProgress::~ScreenProgress() {
  if (is_terminal()) log::before_each_line({});
  clear();
}

void ScreenProgress::begin(std::string_view what, std::uint64_t total) {
  const std::lock_guard guard(mutex_);
  const Now now = screen_.now();
  waiting_ = {};
  pieces_.push_back({.what = std::string(what), .total = total, .began = now});
  last_ = now;
  if (!is_terminal()) {
    log::detail(total > 0 ? format("{} ({})", what, size_text(total)) : std::string(what));
  }
}

// Called for every block: what is shown is bounded by time.
void ScreenProgress::advance(std::uint64_t bytes) {
  const std::lock_guard guard(mutex_);
  if (!pieces_.empty()) pieces_.back().done += bytes;
  if (!is_terminal()) return;
  const Now now = screen_.now();
  if (now - last_ >= kBetween) show(now);
}

void ScreenProgress::end() {
  const std::lock_guard guard(mutex_);
  waiting_ = {};
  if (!pieces_.empty()) pieces_.pop_back();
  if (steps_.empty()) erase();
}

// The time counts from the first call, whatever of it has come meanwhile.
void ScreenProgress::wait_for(std::string_view what, seconds at_most) {
  const std::lock_guard guard(mutex_);
  const Now began = waiting_.what.empty() ? screen_.now() : waiting_.began;
  waiting_ = {.what = std::string(what), .at_most = at_most, .began = began};
}

void ScreenProgress::begin_step(std::size_t number, std::size_t count,
                                std::string_view what) noexcept {
  unless_out_of_memory([&] {
    const std::lock_guard guard(mutex_);
    const Now now = screen_.now();
    waiting_ = {};
    newest_ = number;
    steps_[number] = {.name = format("[{}/{}] {}", number, count, what),
                      .began = now,
                      .told = now,
                      .pieces = pieces_.size()};
    if (is_terminal()) show(now);
  });
}

void ScreenProgress::end_step(std::size_t number, StepEnd end) noexcept {
  unless_out_of_memory([&] {
    const std::lock_guard guard(mutex_);
    const auto found = steps_.find(number);
    if (found == steps_.end()) return;
    const RunningStep step = std::move(found->second);
    steps_.erase(found);
    waiting_ = {};
    pieces_.resize(std::min(pieces_.size(), step.pieces));
    erase();
    if (is_terminal() || screen_.level == log::Level::quiet) return;
    screen_.write(format("{} ... {}{}\n", step.name, end == StepEnd::failed ? "failed after " : "",
                         time_text(screen_.now() - step.began)));
  });
}

void ScreenProgress::look() {
  const std::lock_guard guard(mutex_);
  const Now now = screen_.now();
  if (!is_terminal()) {
    tell_of_long_steps(now);
  } else if (now - last_ >= kBetween && !(pieces_.empty() && steps_.empty())) {
    show(now);
  }
}

void ScreenProgress::clear() {
  const std::lock_guard guard(mutex_);
  erase();
}

std::string ScreenProgress::piece_text(Now now) const {
  const Piece& piece = pieces_.back();
  const double taken = seconds_in(now - piece.began);
  const double rate = taken > 0 ? static_cast<double>(piece.done) / taken : 0;
  if (piece.done == 0) return format(", {}", time_text(now - piece.began));  // without a size yet
  std::string text = format(": {}", size_text(piece.done));
  if (piece.total > 0) text += format(" of {}", size_text(piece.total));
  text += format(", {}/s", size_text(static_cast<std::uint64_t>(rate)));
  if (piece.total > piece.done && rate > 0) {
    const double left = static_cast<double>(piece.total - piece.done) / rate;
    text += format(", {} left", duration_text(seconds(static_cast<std::int64_t>(left) + 1)));
  }
  return text;
}

std::string ScreenProgress::waiting_text(Now now) const {
  const std::string text =
      format(": waiting for {}, {}", waiting_.what, time_text(now - waiting_.began));
  return waiting_.at_most.count() > 0
             ? format("{} of at most {}", text, duration_text(waiting_.at_most))
             : text;
}

// The bytes of a whole transaction are told while they are written; what comes then has none.
std::string ScreenProgress::step_text(const RunningStep& step, Now now) const {
  std::string text;
  if (steps_.size() > 1) text += format(" (and {} more)", steps_.size() - 1);
  if (!waiting_.what.empty()) return text + waiting_text(now);
  const bool is_of_step = pieces_.size() > step.pieces;
  const bool is_writing = !pieces_.empty() && pieces_.back().done > 0 &&
                          (is_of_step || pieces_.back().done < pieces_.back().total);
  if (is_writing) return text + piece_text(now);
  return text + format(", {}", time_text(now - step.began));
}

void ScreenProgress::show(Now now) {
  last_ = now;
  if (screen_.level == log::Level::quiet) return;
  std::string line;
  if (!steps_.empty()) {
    const auto newest = steps_.find(newest_);
    const RunningStep& step = newest == steps_.end() ? steps_.rbegin()->second : newest->second;
    line = fitting(step.name, step_text(step, now), screen_.columns - 1);
  } else if (!pieces_.empty()) {
    line = fitting(pieces_.back().what, waiting_.what.empty() ? piece_text(now) : waiting_text(now),
                   screen_.columns - 1);
  } else {
    return;
  }
  screen_.write(format("\r\x1b[K{}", line));
  shown_ = true;
}

void ScreenProgress::tell_of_long_steps(Now now) {
  if (screen_.level == log::Level::quiet) return;
  for (auto& [number, step] : steps_) {
    if (now - step.told < (step.told == step.began ? kLong : kAgain)) continue;
    step.told = now;
    screen_.write(format("{}{} ...\n", step.name, step_text(step, now)));
  }
}

void ScreenProgress::erase() {
  if (shown_) screen_.write("\r\x1b[K");
  shown_ = false;
}

Ticker::Ticker(ScreenProgress& progress) {
  thread_.start([this, &progress] {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kTick, [this] { return stopping_; })) progress.look();
  });
}

Ticker::~Ticker() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

}  // namespace sealift::cli
