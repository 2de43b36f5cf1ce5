// SPDX-License-Identifier: Apache-2.0
#include "bundle/layout.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/format.hpp"
#include "content/image_name.hpp"
#include "content/media_types.hpp"

namespace sealift::bundle {

using content::Descriptor;

namespace {

// The statement first: it is what everything else is about.
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

// The reference is a tag, as `skopeo copy oci:DIR:NAME` asks for it; it decides nothing.
Descriptor release_descriptor(std::string_view index_text, const std::string& name,
                              const std::string& version) {
  Descriptor descriptor = content::describe(media_type::kImageIndex, index_text);
  descriptor.artifact_type = media_type::kRelease;
  std::string reference = name + ":" + version;
  std::replace(reference.begin(), reference.end(), '+', '_');  // a tag has no '+'
  descriptor.annotations[annotation::kRefName] = reference;
  return descriptor;
}

// An image that two components name is carried once.
std::vector<const content::Image*> images_of(const std::vector<release::Component>& components) {
  std::vector<const content::Image*> images;
  Once seen;
  for (const release::Component& component : components) {
    for (const content::Image& image : component.images) {
      if (seen.first(image.root.digest)) images.push_back(&image);
    }
  }
  return images;
}

namespace {

// Manifests of signatures, each by the name that a registry would have for it: for tools, and for a
// bundle that images are taken from.
std::vector<Descriptor> signature_rows(const std::vector<release::Component>& components) {
  std::map<std::string, Descriptor> rows;  // by their names
  for (const release::Component& component : components) {
    for (const release::CarriedImage& image : component.document.images) {
      const std::string place = content::ImageName::parse(image.name).place();
      for (const release::CarriedSignature& signature : image.signatures) {
        if (signature.tag.empty()) continue;
        for (const Descriptor& layer : component.manifest.layers) {
          if (layer.digest != signature.manifest) continue;
          Descriptor row = layer;
          row.artifact_type.clear();  // which rows of referrers have
          row.annotations = {{annotation::kRefName, format("{}:{}", place, signature.tag)}};
          rows.emplace(row.annotations.at(annotation::kRefName), std::move(row));
        }
      }
    }
  }
  std::vector<Descriptor> sorted;
  sorted.reserve(rows.size());
  for (auto& [unused, row] : rows) sorted.push_back(std::move(row));
  return sorted;
}

}  // namespace

std::vector<Descriptor> image_rows(const std::vector<release::Component>& components) {
  std::vector<Descriptor> rows;
  for (const release::Component& component : components) {
    for (std::size_t i = 0; i < component.images.size(); ++i) {
      rows.push_back(component.images[i].root);
      rows.back().annotations = {{annotation::kRefName, component.document.images[i].name},
                                 {annotation::kContainerdName, component.document.images[i].name}};
    }
  }
  const std::vector<Descriptor> signatures = signature_rows(components);
  rows.insert(rows.end(), signatures.begin(), signatures.end());
  return rows;
}

// Readers of this table know one platform: the first of an image that can run.
std::string docker_table(const std::vector<release::Component>& components) {
  Json table = Json::array();
  for (const release::Component& component : components) {
    for (std::size_t i = 0; i < component.images.size(); ++i) {
      const content::ImageVariant& variant = component.images[i].variants.front();
      Json layers = Json::array();
      for (const Descriptor& layer : variant.layers) layers.push_back(blob_entry(layer).name);
      table.push_back({{"Config", blob_entry(variant.config).name},
                       {"RepoTags", Json::array({component.document.images[i].name})},
                       {"Layers", std::move(layers)}});
    }
  }
  return table.empty() ? "" : to_canonical(table);
}

std::string index_text(const Descriptor& release, const std::vector<Descriptor>& referrers,
                       const std::vector<Descriptor>& images, const std::string& compression) {
  Json value = {{"schemaVersion", 2},
                {"mediaType", media_type::kImageIndex},
                {"manifests", Json::array({content::to_json(release)})}};
  for (const Descriptor& referrer : referrers) {
    value["manifests"].push_back(content::to_json(referrer));
  }
  for (const Descriptor& image : images) {
    value["manifests"].push_back(content::to_json(image));
  }
  if (!compression.empty()) value["annotations"] = {{annotation::kCompression, compression}};
  return to_canonical(value);
}

content::TarEntry blob_entry(const Descriptor& descriptor) {
  return {.name = "blobs/sha256/" + descriptor.digest.hex(), .size = descriptor.size, .link = {}};
}

std::vector<Descriptor> payload_of(const std::vector<release::Component>& components, Once& seen) {
  std::vector<Descriptor> payload;
  const auto add = [&](const std::vector<Descriptor>& layers) {
    for (const Descriptor& layer : layers) {
      if (seen.first(layer.digest)) payload.push_back(layer);
    }
  };
  for (const release::Component& component : components) add(component.manifest.layers);
  for (const content::Image* image : images_of(components)) add(image->layers);
  return payload;
}

}  // namespace sealift::bundle
