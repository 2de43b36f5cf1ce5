// SPDX-License-Identifier: Apache-2.0
#include "installer/driver/stop.hpp"

#include <atomic>

#include "base/error.hpp"

namespace sealift::installer {

namespace {

// The one global of the program: a signal handler can reach nothing else.
std::atomic<bool> stop_wanted = false;
static_assert(std::atomic<bool>::is_always_lock_free);

void want_stop(int) {
  stop_wanted = true;
}

}  // namespace

bool StopFlag::is_set() {
  return stop_wanted;
}

void StopFlag::throw_if_set() const {
  if (is_set()) throw Error(Errc::interrupted, "interrupted");
}

SignalGuard::SignalGuard() {
  stop_wanted = false;
  struct sigaction stop {};
  stop.sa_handler = want_stop;
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGINT, &stop, &interrupt_);
  ::sigaction(SIGTERM, &stop, &terminate_);
  ::sigaction(SIGHUP, &ignore, &hangup_);
}

SignalGuard::~SignalGuard() {
  ::sigaction(SIGINT, &interrupt_, nullptr);
  ::sigaction(SIGTERM, &terminate_, nullptr);
  ::sigaction(SIGHUP, &hangup_, nullptr);
}

}  // namespace sealift::installer
