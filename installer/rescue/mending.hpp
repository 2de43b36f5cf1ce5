// SPDX-License-Identifier: Apache-2.0
#pragma once

// What `doctor --repair` does: it mends what can be mended from verified content, and nothing by
// guessing. All else stays a line of `doctor` that says what a person can do.

#include <functional>
#include <string>
#include <vector>

#include "installer/session/changing.hpp"

namespace sealift::installer {

// One thing that can be mended, before it is done.
struct Mend {
  std::string what;  // "make keys/site.age readable for its owner alone"
  std::function<void()> act;
};

// In the order in which they are done. The lock of the site is held, and no transaction is open.
// The release itself is made whole afterwards, as by `apply --repair`.
std::vector<Mend> mends_of(const SiteWork& work);

}  // namespace sealift::installer
