// SPDX-License-Identifier: Apache-2.0
#include "release/documents/manifest.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kComponentDocument("component_document", [](std::string_view bytes) {
  require(to_text(release::parse_component_document(bytes)) == bytes,
          "a component document has one spelling");
});

}  // namespace sealift::fuzz
