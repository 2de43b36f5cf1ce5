// SPDX-License-Identifier: Apache-2.0
#pragma once

// An empty machine becomes the site of an archive again, under an identity of its own.

#include "installer/rescue/opened_archive.hpp"

namespace sealift::installer {

struct RestoreOptions {
  ArchiveOptions archive;
  bool again = false;    // although it was restored elsewhere
  std::string settings;  // a site.yaml for other places; empty: that of the archive
  ChangeOptions change;
};

// Verifies all of the archive before anything is made. State and site.yaml appear at once, then
// data is restored, then the release; cut off anywhere, the same command goes on.
void restore_site(const RestoreOptions& options, const std::string& site, cli::Session& session);

// Each backup that an archive brought into the state, once, as state/restoring.json says. The lock
// of the site is held.
void restore_data(const SiteWork& work, cli::Session& session);

}  // namespace sealift::installer
