// SPDX-License-Identifier: Apache-2.0
#include "release/documents/manifest.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kManifest("manifest", [](std::string_view bytes) {
  require(to_text(release::parse_manifest(bytes, "manifest")) == bytes,
          "a manifest has one spelling");
});

}  // namespace sealift::fuzz
