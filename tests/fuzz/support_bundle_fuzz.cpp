// SPDX-License-Identifier: Apache-2.0
// What a site has sent for others to look at.
#include "installer/monitoring/support_bundle.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kSupportBundle("support_bundle", [](std::string_view bytes) {
  const installer::SupportBundle bundle = installer::parse_support_bundle(bytes, "bundle");
  const std::string text = installer::to_text(bundle);
  require(installer::to_text(installer::parse_support_bundle(text, "bundle")) == text,
          "what is written is read as it was");
});

}  // namespace sealift::fuzz
