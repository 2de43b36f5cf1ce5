// SPDX-License-Identifier: Apache-2.0
#pragma once

// Drills: an archive, or a release on the data of this site, becomes a site in a throw-away place,
// and goes again.

#include <string>

#include "installer/rescue/opened_archive.hpp"
#include "installer/rescue/throw_away.hpp"

namespace sealift::installer {

struct DrillOptions {
  ArchiveOptions archive;
  RehearsalOptions rehearsal;
};

// Restores data under other names, applies the release to other folders, which asks its health, and
// measures. Where `site` is a site of this host, its audit log gets the result. Nothing stays.
void rehearse_site(const DrillOptions& options, const std::string& site, cli::Session& session);

struct ReleaseRehearsal {
  std::vector<std::string> bundle;  // or volumes of it
  bool fresh = false;               // on backups that are made now; else on the newest
  TrustOptions trust;
  RehearsalOptions rehearsal;
};

// The same for a release that is to come, beside the one that stands, on copies of its data. The
// site is locked meanwhile.
void rehearse_release(const ReleaseRehearsal& options, const std::string& site,
                      cli::Session& session);

}  // namespace sealift::installer
