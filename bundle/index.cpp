// SPDX-License-Identifier: Apache-2.0
#include "bundle/index.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/json.hpp"
#include "bundle/layout.hpp"
#include "content/media_types.hpp"

namespace sealift::bundle {

using content::Descriptor;

Index parse_index(const std::string& text, const std::string& where) {
  const Json value = parse_json(text, where);
  Fields fields(value, where);
  fields.constant("schemaVersion", 2);
  fields.constant("mediaType", media_type::kImageIndex);
  std::vector<Descriptor> listed;
  for (const Json& item : fields.array("manifests")) {
    listed.push_back(content::descriptor_from_json(
        item, format("{}[{}]", fields.at("manifests"), listed.size())));
    if (listed.size() > 1 + kMaxReferrers + kMaxImages) {
      fields.refuse("manifests", format("found more than {}", 1 + kMaxReferrers + kMaxImages));
    }
  }
  std::string compression;
  if (const Json* annotations = fields.value_if("annotations")) {
    Fields inner(*annotations, fields.at("annotations"));
    compression = inner.text(annotation::kCompression);
    inner.done();
  }
  fields.done();
  if (listed.empty() || listed.front().artifact_type != media_type::kRelease) {
    fields.refuse("manifests", "found no release first");
  }
  Index index{.release = listed.front(),
              .referrers = {},
              .images = {},
              .compression = std::move(compression)};
  // Referrers say what they are, images do not.
  const auto images = std::find_if(listed.begin() + 1, listed.end(), [](const Descriptor& each) {
    return each.artifact_type.empty();
  });
  index.referrers.assign(listed.begin() + 1, images);
  index.images.assign(images, listed.end());
  if (index.referrers.size() > kMaxReferrers) {
    fields.refuse("manifests", format("found more than {} referrers", kMaxReferrers));
  }
  if (index_text(index.release, index.referrers, index.images, index.compression) != text) {
    throw Error(Errc::corrupt, format("{}: found a spelling that is not the canonical one", where));
  }
  return index;
}

}  // namespace sealift::bundle
