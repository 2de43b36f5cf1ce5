// SPDX-License-Identifier: Apache-2.0
#include "installer/records/placed_image.hpp"

#include "content/image_name.hpp"

namespace sealift::installer {

Json to_json(const PlacedImage& image) {
  Json value = {{"name", image.name},
                {"reference", image.reference},
                {"digest", image.digest.str()},
                {"manifest", image.manifest.str()},
                {"config", image.config.str()}};
  if (image.whole) value["whole"] = image.whole->str();
  for (const PlacedSignature& signature : image.signatures) {
    value["signatures"].push_back({{"manifest", signature.manifest.str()}, {"tag", signature.tag}});
  }
  return value;
}

PlacedImage placed_image_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  PlacedImage image{.name = fields.text("name"),
                    .reference = fields.text("reference"),
                    .digest = fields.digest("digest"),
                    .manifest = fields.digest("manifest"),
                    .config = fields.digest("config")};
  if (fields.value_if("whole") != nullptr) image.whole = fields.digest("whole");
  if (fields.value_if("signatures") != nullptr) {
    for (const Json& each : fields.array("signatures")) {
      Fields inner(each, fields.at("signatures"));
      image.signatures.push_back({.manifest = inner.digest("manifest"), .tag = inner.text("tag")});
      inner.done();
    }
  }
  fields.done();
  return image;
}

std::string pinned(const PlacedImage& image, const std::string& driver) {
  if (driver == "docker") return image.config.str();
  const Digest& digest = driver == "podman" ? image.manifest : image.digest;
  return content::ImageName::parse(image.reference).place() + "@" + digest.str();
}

}  // namespace sealift::installer
