// SPDX-License-Identifier: Apache-2.0
#pragma once

// A drill: an archive becomes a site in a throw-away place, and goes again.

#include <string>
#include <vector>

#include "installer/rescue/opened_archive.hpp"

namespace sealift::installer {

struct DrillOptions {
  ArchiveOptions archive;
  std::string place;             // where its folder is made; empty: where temporary files lie
  std::vector<std::string> set;  // KEY=VALUE
};

// Restores data under other names, applies the release to other folders, which asks its health, and
// measures. Where `site` is a site of this host, its audit log gets the result. Nothing stays.
void rehearse_site(const DrillOptions& options, const std::string& site, cli::Session& session);

}  // namespace sealift::installer
