// SPDX-License-Identifier: Apache-2.0
#include "content/image_name.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kImageName("image_name", [](std::string_view bytes) {
  const content::ImageName name = content::ImageName::parse(bytes);
  require(content::ImageName::parse(name.str()) == name, "a full name means itself");
});

}  // namespace sealift::fuzz
