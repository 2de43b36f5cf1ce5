// SPDX-License-Identifier: Apache-2.0
#pragma once

// PATH/shared/FOLDER: data that all releases of a target share. A release's tree has a relative
// symbolic link in its place, so a switch, a rollback, a repair and a removal of releases pass it
// by. A folder is made once, with mode 0755; from then on its owner and mode are the application's.
// No symbolic link is followed below PATH, and nothing that holds data is ever removed.

#include <map>
#include <string>
#include <vector>

#include "installer/drivers/files/directory_steps.hpp"
#include "installer/drivers/files/tree_check.hpp"
#include "installer/records/placement.hpp"

namespace sealift::installer {

inline constexpr std::string_view kShared = "shared";

// Folder -> whose it is made.
using SharedFolders = std::map<std::string, std::string>;

// Whether a folder is there itself, not a link to one; and whether there is something in it.
bool is_real_folder(const fs::path& place);
bool holds_data(const fs::path& place);

// "PATH/shared/FOLDER", for people.
std::string shared_place(const std::string& path, const std::string& folder);

// Where the links of a tree in `directory`, below PATH, lead. A folder inside of another one needs
// none.
std::map<std::string, std::string> links_of(const SharedFolders& folders,
                                            const std::string& directory);

// What has to be made or moved. `found` are folders with data elsewhere below PATH, each with its
// place. Error{incompatible} where a folder, or one around it, is something else, or where data is
// in both places or on another file system.
Share share_of(const std::string& path, const std::string& owner, const SharedFolders& folders,
               const std::map<std::string, std::string>& found);

// "make PATH/shared/uploads for data; keep PATH/shared/cache", for people.
std::string summary_of(const Share& share);

// All three may be repeated, wherever an earlier attempt stopped. apply_share() throws
// Error{target_failed} where a folder is no folder any more.
bool is_shared(const Share& share);
void apply_share(const Share& share);
// Moves back what was moved, and removes what was made where it is still empty.
void undo_share(const Share& share);

// Folders that are missing, or are none.
std::vector<Difference> shared_differences(const Placement& placement);

}  // namespace sealift::installer
