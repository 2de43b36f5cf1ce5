// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a draft does, in numbers.

#include <cstdint>
#include <optional>

#include "installer/planning/draft.hpp"

namespace sealift::installer {

struct Totals {
  std::uint64_t added = 0;    // files
  std::uint64_t changed = 0;  // files
  std::uint64_t removed = 0;  // files
  std::uint64_t images = 0;   // to load
  std::uint64_t migrations = 0;
  std::uint64_t restarts = 0;         // of services and workloads
  std::uint64_t reloads = 0;          // of services
  std::uint64_t bytes = 0;            // to write
  std::optional<std::uint64_t> free;  // bytes where there are fewest; nothing: nothing is written
};

Totals totals_of(const Draft& draft);

}  // namespace sealift::installer
