// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.hpp"

#include <unistd.h>

#include <cstdio>

#include "base/format.hpp"
#include "cli/output.hpp"

namespace sealift::cli {

namespace {
constexpr std::chrono::milliseconds kBetween{100};
}  // namespace

TerminalProgress::TerminalProgress(log::Level level)
    : terminal_(level != log::Level::quiet && ::isatty(STDERR_FILENO) == 1) {}

void TerminalProgress::begin(std::string_view what, std::uint64_t total) {
  what_ = what;
  total_ = total;
  done_ = 0;
  began_ = last_ = std::chrono::steady_clock::now();
  if (!terminal_) log::detail(total > 0 ? format("{} ({})", what_, size_text(total)) : what_);
}

// Called for every block: what is shown is bounded by time.
void TerminalProgress::advance(std::uint64_t bytes) {
  done_ += bytes;
  if (!terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < kBetween) return;
  last_ = now;
  show();
}

void TerminalProgress::show() {
  const double seconds = std::chrono::duration<double>(last_ - began_).count();
  const double rate = seconds > 0 ? static_cast<double>(done_) / seconds : 0;
  std::string text = format("{}: {}", what_, size_text(done_));
  if (done_ == 0) text = format("{}, {:.0f} s", what_, seconds);  // nothing that has a size
  if (total_ > 0) text += format(" of {}", size_text(total_));
  if (done_ > 0) text += format(", {}/s", size_text(static_cast<std::uint64_t>(rate)));
  if (total_ > done_ && rate > 0) {
    text += format(", {:.0f} s left", static_cast<double>(total_ - done_) / rate);
  }
  std::fputs(format("\r\x1b[K{}", text).c_str(), stderr);
  shown_ = true;
}

void TerminalProgress::end() {
  clear();
}

// So that a result or a warning begins on a line of its own.
void TerminalProgress::clear() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
  shown_ = false;
}

}  // namespace sealift::cli
