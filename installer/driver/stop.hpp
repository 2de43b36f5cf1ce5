// SPDX-License-Identifier: Apache-2.0
#pragma once

// A person's wish to stop. The first interrupt (SIGINT, SIGTERM) ends the work at the next safe
// point; what was begun is undone. SIGHUP is ignored: a lost terminal must not stop a transaction.

#include <signal.h>

namespace sealift::installer {

// The flag is the process's: a signal handler can reach nothing else. All StopFlags are the same.
class StopFlag {
 public:
  static bool is_set();
  // Throws Error{interrupted}.
  void throw_if_set() const;
};

// Handles the signals while it lives. One at a time.
class SignalGuard {
 public:
  SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;
  ~SignalGuard();

 private:
  struct sigaction interrupt_ {};
  struct sigaction terminate_ {};
  struct sigaction hangup_ {};
};

}  // namespace sealift::installer
