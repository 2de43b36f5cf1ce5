// SPDX-License-Identifier: Apache-2.0
#include "base/sandbox.hpp"

#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <exception>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/parallel.hpp"

namespace sealift {

namespace {

// Of later versions than the header may have.
constexpr std::uint64_t kRefer = 1ULL << 13;     // version 2
constexpr std::uint64_t kTruncate = 1ULL << 14;  // version 3
constexpr std::uint64_t kTcp = 3;                // version 4: bind and connect

struct Ruleset {
  std::uint64_t files;
  std::uint64_t network;
};

// 0: there is none. Asked each time: a call that the kernel answers at once.
long landlock_version() {
  const long version =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version < 0 ? 0 : version;
}

}  // namespace

bool has_landlock() {
  return landlock_version() > 0;
}

// An older kernel is told only of what it knows, or it would refuse all
// (Documentation/userspace-api/landlock.rst).
void give_up_changes() {
  const long version = landlock_version();
  if (version == 0) return;
  // What is handled and has no rule is refused everywhere; reading is not handled.
  Ruleset rules{.files = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                         LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                         LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                         LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                         LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                         LANDLOCK_ACCESS_FS_MAKE_SYM,
                .network = 0};
  if (version >= 2) rules.files |= kRefer;
  if (version >= 3) rules.files |= kTruncate;
  if (version >= 4) rules.network = kTcp;
  const std::size_t size = version >= 4 ? sizeof rules : sizeof rules.files;
  const Fd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rules, size, 0)));
  if (!ruleset.is_open() || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    throw_errno("Landlock", "give up rights by");
  }
}

// Landlock binds a thread and what it starts, so the caller's own thread keeps its rights.
void without_changes(const std::function<void()>& work) {
  std::exception_ptr thrown;
  Threads threads;
  const bool is_started = threads.start([&] {
    try {
      give_up_changes();
      work();
    } catch (...) {
      thrown = std::current_exception();
    }
  });
  if (!is_started) return work();
  threads.join();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace sealift
