// SPDX-License-Identifier: Apache-2.0
#include "content/image.hpp"

#include "content/media_types.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

// The same bytes as manifest, index and configuration, and as all documents of one image.
const Target kImage("image", [](std::string_view bytes) {
  even_if_refused([&] { content::parse_image_manifest(bytes, "manifest"); });
  even_if_refused([&] { content::parse_image_index(bytes, "index"); });
  even_if_refused([&] { content::parse_image_config(bytes, "configuration"); });
  for (const std::string_view type : {media_type::kImageIndex, media_type::kImageManifest}) {
    even_if_refused([&] {
      content::read_image(
          content::describe(type, bytes),
          [&](const content::Descriptor&) { return std::string(bytes); }, "image");
    });
  }
});

}  // namespace sealift::fuzz
