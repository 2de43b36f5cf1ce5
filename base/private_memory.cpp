// SPDX-License-Identifier: Apache-2.0
#include "base/private_memory.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <atomic>

#include "base/error.hpp"

namespace sealift {

namespace {

std::atomic<bool> is_private{false};

}  // namespace

void keep_memory_private() {
  rlimit core{};
  if (::getrlimit(RLIMIT_CORE, &core) != 0) throw_errno("core dumps", "read the limit of");
  core.rlim_cur = 0;
  if (::setrlimit(RLIMIT_CORE, &core) != 0 || ::prctl(PR_SET_DUMPABLE, 0) != 0) {
    throw_errno("core dumps", "forbid");
  }
  is_private = true;
}

bool wipes_freed_memory() {
  return is_private.load(std::memory_order_relaxed);
}

}  // namespace sealift
