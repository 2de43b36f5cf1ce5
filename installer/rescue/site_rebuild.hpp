// SPDX-License-Identifier: Apache-2.0
#pragma once

// A site comes back where no archive survived: from a bundle, and dumps of its data.

#include <string>
#include <vector>

#include "installer/session/changing.hpp"

namespace sealift::installer {

struct RebuildOptions {
  std::string bundle;
  std::vector<std::string> backups;  // NAME=FILE
  std::string identity;              // of age, for dumps that are encrypted; empty: none is
  ChangeOptions change;
  TrustOptions trust;
};

// For a site that has its trust root and no release yet. The bundle is judged before any data is
// restored, and applied afterwards.
void rebuild_site(const RebuildOptions& options, const std::string& site, cli::Session& session);

}  // namespace sealift::installer
