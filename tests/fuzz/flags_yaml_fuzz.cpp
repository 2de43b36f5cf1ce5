// SPDX-License-Identifier: Apache-2.0
#include "release/flags/flags_file.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kFlagsYaml("flags_yaml", [](std::string_view bytes) {
  const release::FlagsFile file = release::parse_flags(bytes, "flags.yaml");
  const std::string text = release::to_flagd(file.set);
  require(release::flags_from_flagd(text, "flags.json") == file.set, "what is written is read");
});

}  // namespace sealift::fuzz
