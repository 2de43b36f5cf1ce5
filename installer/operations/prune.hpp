// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a site no longer needs goes.

#include <cstdint>

#include "installer/operations/tools.hpp"
#include "installer/records/state.hpp"

namespace sealift::installer {

struct Pruned {
  std::uint64_t releases = 0;  // directories of releases that went
  std::uint64_t bundles = 0;   // files of the store
};
// Removes what neither the current release, its rollback target, a staged release, an open
// transaction nor the retention rule needs. The lock of the site is held.
Pruned prune(const Tools& tools, const State& state);

}  // namespace sealift::installer
