// SPDX-License-Identifier: Apache-2.0
#pragma once

// How far the restore of a site archive has come: state/restoring.json is there until its end.
// While the data of the site may not all be back, nothing but that restore may change the site.

#include <optional>
#include <string>
#include <vector>

#include "installer/site/layout.hpp"

namespace sealift::installer {

struct Restoring {
  std::string archive;                // id of the archive
  std::string file;                   // where it was, for people
  std::vector<std::string> restored;  // names of backups whose data is back
  bool has_data = false;              // all of it is back; the release may not be yet
};

std::optional<Restoring> read_restoring(const Layout& layout);
void write_restoring(const Layout& layout, const Restoring& restoring);
void end_restoring(const Layout& layout);

// Error{needs_operator} where a restore was cut off before all data was back.
void refuse_while_restoring(const Layout& layout);

}  // namespace sealift::installer
