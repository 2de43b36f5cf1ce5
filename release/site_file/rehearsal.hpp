// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/file.hpp"

namespace sealift::release {

// The text of a site.yaml that says the same of a throw-away site in the folder `place`: targets
// and files of SQLite lie there, a database of PostgreSQL has `label` behind its name. What would
// reach users or other programs is left out: fence, services, windows, exports.
// Error{incompatible} with every target and database that cannot be had twice on one host, such as
// engines of containers and systemd.
std::string rehearsal_settings(std::string_view text, const std::string& name,
                               const fs::path& place, const std::string& label);

}  // namespace sealift::release
