// SPDX-License-Identifier: Apache-2.0
#include "installer/site/layout.hpp"

#include <cstdlib>

namespace sealift::installer {

// A site of one folder has both in it; the system's own are apart, as the Filesystem Hierarchy
// Standard wants it.
Layout Layout::choose(const std::string& folder) {
  std::string chosen = folder;
  if (chosen.empty()) {
    if (const char* named = std::getenv("SEALIFT_SITE")) chosen = named;
  }
  if (chosen.empty()) return {.site_yaml = "/etc/sealift/site.yaml", .state = "/var/lib/sealift"};
  const fs::path root = absolute_path(chosen);
  return {.site_yaml = root / "site.yaml", .state = root / "state"};
}

}  // namespace sealift::installer
