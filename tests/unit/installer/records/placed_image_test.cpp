// SPDX-License-Identifier: Apache-2.0
#include "installer/records/placed_image.hpp"

#include <catch2/catch.hpp>

namespace sealift::installer::placed_image_test {

TEST_CASE("placed image: signatures are written where there are some, and read back") {
  PlacedImage image{.name = "docker.io/team/server:1",
                    .reference = "registry.site:5000/team/server:1",
                    .digest = Digest::of("index"),
                    .manifest = Digest::of("manifest"),
                    .config = Digest::of("config")};
  CHECK_FALSE(to_json(image).contains("signatures"));
  CHECK(placed_image_from_json(to_json(image), "image") == image);
  image.signatures = {{.manifest = Digest::of("signature"), .tag = "sha256-0.sig"},
                      {.manifest = Digest::of("referrer"), .tag = ""}};
  CHECK(placed_image_from_json(to_json(image), "image") == image);
}

}  // namespace sealift::installer::placed_image_test
