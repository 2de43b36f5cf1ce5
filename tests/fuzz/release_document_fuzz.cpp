// SPDX-License-Identifier: Apache-2.0
#include "release/documents/manifest.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kReleaseDocument("release_document", [](std::string_view bytes) {
  require(to_text(release::parse_release_document(bytes)) == bytes,
          "release.json has one spelling");
});

}  // namespace sealift::fuzz
