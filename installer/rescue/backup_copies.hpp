// SPDX-License-Identifier: Apache-2.0
#pragma once

// Copies of backups at the places that site.yaml names: a folder, in which a copy is read back, or
// a command, whose own status says whether it was kept. A copy that fails takes nothing from the
// backup: it is audited, `status` and `doctor` show it, and the next run tries again.

#include <string>
#include <vector>

#include "installer/drivers/databases/backups.hpp"
#include "installer/operations/damage.hpp"
#include "installer/session/changing.hpp"

namespace sealift::installer {

// What one run did at one place.
struct CopyRun {
  std::string place;
  std::vector<std::string> copied;  // names of backups
  std::size_t removed = 0;          // backups that the place's retention does not keep
  std::string failed;               // why it stopped; empty: it did not
};

// Copies every backup that is not at each place yet. The lock of the site is held.
std::vector<CopyRun> copy_backups(const SiteWork& work, const Backups& backups, Progress& progress);

// Places where the last run failed, and those that lack a backup of yesterday or before.
std::vector<Damage> damage_of_copies(const SiteWork& work, Time now);

}  // namespace sealift::installer
