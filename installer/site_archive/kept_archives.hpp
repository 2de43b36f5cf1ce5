// SPDX-License-Identifier: Apache-2.0
#pragma once

// The archives of one site in a folder: which there are, which is wanted, which may go.

#include <optional>
#include <string>
#include <vector>

#include "installer/site_archive/site_archive.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

// All site archives in a folder, oldest first; those that cannot be read are a warning.
std::vector<SiteArchive> archives_in(const fs::path& folder);

// The newest one, or the newest that was made at `at` or before; where the folder holds archives of
// several sites, as that of one that was restored does, of the site whose key has this id. `key`
// may be empty. Error{usage} where there is none, or of several sites and none has that key.
SiteArchive archive_at(const fs::path& folder, const std::optional<Time>& at,
                       const std::string& key);

// Removes those of the site `site` that `rule` does not keep at the time `now`. The newest stays,
// and so does what one that stays needs. Names of files.
std::vector<std::string> remove_old_archives(const fs::path& folder, const release::KeepRule& rule,
                                             const std::string& site, Time now);

}  // namespace sealift::installer
