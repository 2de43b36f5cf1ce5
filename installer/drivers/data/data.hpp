// SPDX-License-Identifier: Apache-2.0
#pragma once

// Backups of folders of data, before a release changes the target that they belong to: as those of
// databases are, and beside them. Nothing restores one by itself.

#include <memory>
#include <string>
#include <vector>

#include "base/parallel.hpp"
#include "installer/driver/driver.hpp"
#include "installer/drivers/databases/database_step.hpp"
#include "installer/site/layout.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

// The driver's word in steps; no target of site.yaml has it.
inline constexpr const char* kDataDriver = "data";

std::unique_ptr<Driver> data_driver(const Layout& layout, Workers& workers);

// "web/uploads": what is backed up, for people and in a backup's record.
std::string data_name(const std::string& target, const std::string& folder);
// "web+uploads": how its backups' names begin. No name of a database has a plus.
std::string data_label(const std::string& target, const std::string& folder);

// What a backup says of the site: when it is made, and the version of the release that is
// installed.
struct Moment {
  Time now;
  std::string version;
};
// The steps that back up what site.yaml says of the wish's target; none where nothing is there.
std::vector<Step> data_backups(const Wish& wish, const release::Site& site, const Layout& layout,
                               const Moment& moment);
// Room that the backup needs, in bytes, in the folder of backups.
NeededSpace space_of_data(const Step& step);

}  // namespace sealift::installer
