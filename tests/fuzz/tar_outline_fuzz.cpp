// SPDX-License-Identifier: Apache-2.0
#include "content/tar_outline.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kTarOutline("tar_outline", [](std::string_view bytes) {
  StringSource once(bytes);
  StringSource again(bytes);
  require(content::read_outline(once) == content::read_outline(again), "an outline is one");
});

}  // namespace sealift::fuzz
