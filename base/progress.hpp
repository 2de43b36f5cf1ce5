// SPDX-License-Identifier: Apache-2.0
#pragma once

// What long work tells the person who waits. cli/ shows it as a line on a terminal.

#include <cstdint>
#include <string_view>

namespace sealift {

class Progress {
 public:
  virtual ~Progress() = default;
  // A new piece of work; `total` in bytes, 0 where it is not known.
  virtual void begin(std::string_view what, std::uint64_t total) = 0;
  // So many more; called often, so it must be cheap.
  virtual void advance(std::uint64_t bytes) = 0;
  virtual void end() = 0;
};

// Says nothing.
class Silence : public Progress {
 public:
  void begin(std::string_view, std::uint64_t) override {}
  void advance(std::uint64_t) override {}
  void end() override {}
};

}  // namespace sealift
