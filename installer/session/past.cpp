// SPDX-License-Identifier: Apache-2.0
#include "installer/session/past.hpp"

#include <algorithm>

namespace sealift::installer {

std::string ending_word(const PastTransaction& past) {
  if (past.ending == Event::commit) return "done";
  return past.ending == Event::abort ? "undone" : "cut off";
}

std::chrono::seconds duration_of(const PastTransaction& past) {
  // A clock may have been set back meanwhile.
  return std::chrono::seconds(std::max<std::int64_t>(0, past.ended->seconds - past.begun.seconds));
}

const std::string& reason_of(const PastTransaction& past) {
  return past.reason.empty() ? past.why : past.reason;
}

}  // namespace sealift::installer
