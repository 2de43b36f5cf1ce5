// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/keep_rule.hpp"

namespace sealift::release {

bool KeepRule::keeps(std::size_t newer, std::uint64_t bytes, std::int64_t age) const {
  constexpr std::int64_t kDay = 24L * 60 * 60;
  if (newer == 0) return true;
  if (count && newer >= *count) return false;
  if (days && age > *days * kDay) return false;
  return !gib || bytes <= std::uint64_t{*gib} << 30U;
}

}  // namespace sealift::release
