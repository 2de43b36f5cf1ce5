// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace sealift::release {

// How much of what is made again and again stays: nothing is no limit.
struct KeepRule {
  std::optional<unsigned> count;
  std::optional<unsigned> days;
  std::optional<unsigned> gib;  // of all together

  // Whether one stays that has so many newer ones, takes so many bytes with them, and is so many
  // seconds old. The newest always does.
  bool keeps(std::size_t newer, std::uint64_t bytes, std::int64_t age) const;
};

}  // namespace sealift::release
