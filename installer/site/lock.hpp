// SPDX-License-Identifier: Apache-2.0
#pragma once

// One writer per site. The locks are the operating system's (flock) and die with their process, so
// a dead installer never blocks the next. Two are held: the state folder itself, which nobody can
// remove or replace without the site, and state/lock, which also says who holds the site. A lock
// counts only if what was locked is still what the path leads to.

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

class SiteLock {
 public:
  // Waits up to `timeout`; then Error{busy} that says who holds the site and since when.
  SiteLock(const Layout& layout, const std::string& command, const Clock& clock,
           std::chrono::seconds timeout);

  // Leaves the site to others while `ask` runs, for a person may think for long. Afterwards it is
  // held again; Error{busy} where another installer holds it, or has held it: what the person was
  // shown may not be true any more.
  bool without(const std::function<bool()>& ask);
  bool is_held() const { return file_.is_open(); }

 private:
  void take();

  const Layout& layout_;
  std::chrono::seconds timeout_;
  std::string holder_;  // what state/lock says of us
  Fd folder_;
  Fd file_;
};

// "apply (process 123) since 2026-11-25T23:40:29Z": who holds the site, or held it last.
std::string last_holder(const Layout& layout);
// The same while an installer works on this site.
std::optional<std::string> lock_holder(const Layout& layout);

}  // namespace sealift::installer
