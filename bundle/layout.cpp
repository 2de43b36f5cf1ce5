// SPDX-License-Identifier: Apache-2.0
#include "bundle/layout.hpp"

#include <algorithm>
#include <tuple>

#include "base/format.hpp"
#include "content/media_types.hpp"

namespace sealift::bundle {

using content::Descriptor;

namespace {

int rank(const Referrer& referrer) {
  const std::string& type = referrer.manifest.descriptor.artifact_type;
  if (type == media_type::kStatement) return 0;
  if (type == media_type::kRootChain) return 1;
  return 2;
}

}  // namespace

Referrer make_referrer(std::string_view artifact_type, std::string_view layer_type,
                       const std::vector<std::string>& layers, const Descriptor& release) {
  release::Manifest manifest{.artifact_type = std::string(artifact_type),
                             .config = content::empty_descriptor(),
                             .layers = {},
                             .subject = release};
  manifest.subject->annotations.clear();
  Referrer referrer{.manifest = {content::empty_descriptor(), {}}, .layers = {}};
  for (const std::string& bytes : layers) {
    referrer.layers.push_back({content::describe(layer_type, bytes), bytes});
    manifest.layers.push_back(referrer.layers.back().descriptor);
  }
  referrer.manifest.bytes = to_text(manifest);
  referrer.manifest.descriptor =
      content::describe(media_type::kImageManifest, referrer.manifest.bytes);
  referrer.manifest.descriptor.artifact_type = artifact_type;
  return referrer;
}

void sort_referrers(std::vector<Referrer>& referrers) {
  std::sort(referrers.begin(), referrers.end(), [](const Referrer& a, const Referrer& b) {
    return std::tuple(rank(a), a.manifest.descriptor.digest) <
           std::tuple(rank(b), b.manifest.descriptor.digest);
  });
}

Descriptor release_descriptor(std::string_view index_text, const std::string& name,
                              const std::string& version) {
  Descriptor descriptor = content::describe(media_type::kImageIndex, index_text);
  descriptor.artifact_type = media_type::kRelease;
  std::string reference = name + ":" + version;
  std::replace(reference.begin(), reference.end(), '+', '_');  // a tag has no '+'
  descriptor.annotations[annotation::kRefName] = reference;
  return descriptor;
}

std::string index_text(const Descriptor& release, const std::vector<Descriptor>& referrers,
                       const std::string& compression) {
  Json value = {{"schemaVersion", 2},
                {"mediaType", media_type::kImageIndex},
                {"manifests", Json::array({content::to_json(release)})}};
  for (const Descriptor& referrer : referrers) {
    value["manifests"].push_back(content::to_json(referrer));
  }
  if (!compression.empty()) value["annotations"] = {{annotation::kCompression, compression}};
  return to_canonical(value);
}

content::TarEntry blob_entry(const Descriptor& descriptor) {
  return {.name = "blobs/sha256/" + descriptor.digest.hex(), .size = descriptor.size, .link = {}};
}

std::vector<Descriptor> payload_of(const std::vector<release::Component>& components, Once& seen) {
  std::vector<Descriptor> payload;
  for (const release::Component& component : components) {
    for (const Descriptor& layer : component.manifest.layers) {
      if (seen.first(layer.digest)) payload.push_back(layer);
    }
  }
  return payload;
}

}  // namespace sealift::bundle
