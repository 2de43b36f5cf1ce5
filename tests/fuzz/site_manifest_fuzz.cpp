// SPDX-License-Identifier: Apache-2.0
// What a site archive says of itself.
#include "installer/site_archive/manifest.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kSiteManifest("site_manifest", [](std::string_view bytes) {
  const installer::SiteManifest manifest = installer::open_manifest(bytes, "manifest");
  for (const installer::ArchivedFile& each : manifest.files) {
    require(!each.name.starts_with('/') && each.name.find("..") == std::string::npos,
            "files are of the archive");
  }
});

}  // namespace sealift::fuzz
