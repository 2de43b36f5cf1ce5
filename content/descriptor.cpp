// SPDX-License-Identifier: Apache-2.0
#include "content/descriptor.hpp"

#include "base/format.hpp"
#include "content/media_types.hpp"

namespace sealift::content {

Descriptor describe(std::string_view media_type, std::string_view bytes) {
  return {.media_type = std::string(media_type),
          .digest = Digest::of(bytes),
          .size = bytes.size(),
          .artifact_type = {},
          .annotations = {}};
}

Json to_json(const Descriptor& descriptor) {
  Json value = {{"mediaType", descriptor.media_type},
                {"digest", descriptor.digest.str()},
                {"size", descriptor.size}};
  if (!descriptor.artifact_type.empty()) value["artifactType"] = descriptor.artifact_type;
  if (!descriptor.annotations.empty()) value["annotations"] = descriptor.annotations;
  return value;
}

Descriptor descriptor_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  Descriptor descriptor{.media_type = fields.text("mediaType"),
                        .digest = fields.digest("digest"),
                        .size = fields.number("size"),
                        .artifact_type = fields.text_if("artifactType").value_or(""),
                        .annotations = {}};
  if (const Json* annotations = fields.value_if("annotations")) {
    Fields inner(*annotations, fields.at("annotations"));
    for (const auto& [key, unused] : annotations->items()) {
      descriptor.annotations[key] = inner.text(key.c_str());
    }
  }
  fields.done();
  return descriptor;
}

Descriptor empty_descriptor() {
  return describe(media_type::kEmpty, kEmptyContent);
}

}  // namespace sealift::content
