// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/s3/s3_object.hpp"
#include "s3/bucket.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

// The same bytes as each answer of a store, and as the inventory that is kept there.
const Target kS3Answer("s3_answer", [](std::string_view bytes) {
  even_if_refused([&] {
    const s3::Element root = s3::parse_xml(bytes, "answer");
    even_if_refused([&] {
      for (const s3::Listed& each : s3::page_from(root, "answer").objects) {
        require(each.key.size() <= bytes.size(), "a key is a part of the answer");
      }
    });
    even_if_refused([&] { s3::uploads_from(root, "answer"); });
  });
  even_if_refused([&] {
    const installer::S3Objects objects = installer::objects_from_inventory(bytes, "inventory");
    const std::string text = installer::to_inventory(objects);
    require(installer::to_inventory(installer::objects_from_inventory(text, "inventory")) == text,
            "an inventory is read as it was written");
  });
});

}  // namespace sealift::fuzz
