// SPDX-License-Identifier: Apache-2.0
#include "release/documents/manifest.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kReleaseIndex("release_index", [](std::string_view bytes) {
  require(release::release_index_text(release::parse_release_index(bytes)) == bytes,
          "a release index has one spelling");
});

}  // namespace sealift::fuzz
