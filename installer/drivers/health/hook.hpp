// SPDX-License-Identifier: Apache-2.0
#pragma once

// Hooks as steps of a transaction. One that fails fails the transaction; an undo does nothing. What
// comes after the commit is no step.

#include <memory>
#include <vector>

#include "installer/driver/driver.hpp"
#include "installer/records/check.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

std::unique_ptr<Driver> hook_driver(const Layout& layout);

// Puts the steps of the hooks that run before a commit around those that there are. They belong to
// no component.
void add_hooks(const std::vector<RenderedHook>& hooks, std::uint64_t revision,
               std::vector<Step>& steps);

// Runs one; Error{target_failed} where it does not end with status 0 in its time.
void run_hook(const RenderedCheck& hook, const Layout& layout, std::uint64_t revision);

// What it is, for a plan.
std::string summary(const RenderedHook& hook);

}  // namespace sealift::installer
