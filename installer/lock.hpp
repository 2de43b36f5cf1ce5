// SPDX-License-Identifier: Apache-2.0
#pragma once

// One writer per site. The lock is the operating system's (flock) and dies with its process, so a
// dead installer never blocks the next; what the file says is only for people.

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "installer/layout.hpp"

namespace sealift::installer {

class SiteLock {
 public:
  // Waits up to `timeout`; then Error{busy} that says who holds the site and since when.
  SiteLock(const Layout& layout, const std::string& command, const Clock& clock,
           std::chrono::seconds timeout);

 private:
  Fd fd_;
};

// "apply (process 123) since 2026-11-25T23:40:29Z" while an installer works on this site.
std::optional<std::string> lock_holder(const Layout& layout);

}  // namespace sealift::installer
