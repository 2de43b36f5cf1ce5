// SPDX-License-Identifier: Apache-2.0
#include "installer/site/checkpoint.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kCheckpoint("checkpoint", [](std::string_view bytes) {
  const std::string line = installer::Checkpoint::parse(bytes, "paper").line();
  require(installer::Checkpoint::parse(line, "paper").line() == line, "it has one spelling");
});

}  // namespace sealift::fuzz
