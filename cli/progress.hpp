// SPDX-License-Identifier: Apache-2.0
#pragma once

// Long work on standard error: one line that is rewritten on a terminal (bytes, rate, time left),
// one plain line per piece of work elsewhere with --verbose, nothing with --quiet.

#include <chrono>
#include <string>

#include "base/log.hpp"
#include "base/progress.hpp"

namespace sealift::cli {

class TerminalProgress : public Progress {
 public:
  explicit TerminalProgress(log::Level level);
  ~TerminalProgress() override { clear(); }
  void begin(std::string_view what, std::uint64_t total) override;
  void advance(std::uint64_t bytes) override;
  void end() override;

 private:
  // At most a few times a second: a terminal at the end of a slow line would hold up the work.
  void show();
  void clear();

  bool terminal_;
  std::string what_;
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
  bool shown_ = false;
  std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace sealift::cli
