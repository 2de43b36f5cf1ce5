// SPDX-License-Identifier: Apache-2.0
#pragma once

// The fence: a command of the site that keeps users out, and one that lets them in again. It is
// closed by a step before the backups; an undo opens it, and so does what follows a commit. Secrets
// that site.yaml names for it stand in the commands' environment and nowhere else. While
// it is closed a file in the state folder says so, and how it is opened.

#include <memory>
#include <string>

#include "installer/driver/driver.hpp"
#include "installer/site/layout.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

std::unique_ptr<Driver> fence_driver(const Layout& layout);

Step fence_step(const release::Fence& fence, std::uint64_t transaction);

// Asked of that file alone, and of the one that says which writers on Kubernetes are stopped: they
// outlive a crash, and the transaction that wrote them.
bool is_fence_closed(const Layout& layout);
// Runs the command; nothing happens where none has closed it. Error{target_failed} where the
// command fails.
void open_fence(const Layout& layout, Content& content);

}  // namespace sealift::installer
