// SPDX-License-Identifier: Apache-2.0
#pragma once

// What only shows when all is read: bundles of the store, installed files, backups.

#include <vector>

#include "installer/operations/damage.hpp"
#include "installer/session/changing.hpp"

namespace sealift::installer {

// Reads every bundle that a kept revision needs, every installed file, the audit log and every
// backup; each that
// is not what it was is a damage, with what goes on. Takes as long as the disk needs for that.
std::vector<Damage> damage_of_contents(const SiteWork& work, cli::Session& session);

}  // namespace sealift::installer
