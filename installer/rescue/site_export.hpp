// SPDX-License-Identifier: Apache-2.0
#pragma once

// A whole site in one archive, from which an empty machine becomes the site again.

#include <string>

#include "installer/session/changing.hpp"

namespace sealift::installer {

struct ExportOptions {
  std::string to;               // a folder; empty: what site.yaml says
  std::string recovery;         // a recipient of age; empty: what site.yaml says
  std::string since;            // an archive: what it has is not written again
  bool fence = false;           // keep users out while backups are made
  bool newest_backups = false;  // take those that are there
  ChangeOptions change;
};

// Makes backups, writes the archive, and removes those that site.yaml does not keep any longer.
void export_site(const ExportOptions& options, const std::string& site, cli::Session& session);

}  // namespace sealift::installer
