// SPDX-License-Identifier: Apache-2.0
#include "release/flags/flags.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kFlagd("flagd", [](std::string_view bytes) {
  const release::FlagSet set = release::flags_from_flagd(bytes, "flags.json");
  require(to_flagd(set) == bytes, "it has one spelling");
});

}  // namespace sealift::fuzz
