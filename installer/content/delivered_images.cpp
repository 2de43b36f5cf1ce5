// SPDX-License-Identifier: Apache-2.0
#include "installer/content/delivered_images.hpp"

#include "base/format.hpp"
#include "content/image_name.hpp"
#include "installer/site/host.hpp"

namespace sealift::installer {

namespace {

// Stores that hold images for other hosts take any platform.
bool runs_here(const std::string& driver) {
  return driver == "docker" || driver == "podman" || driver == "containerd";
}

}  // namespace

// An image for other hosts alone has no variant for this one: its first stands for it where one has
// to be named.
std::vector<PlacedImage> images_on(const release::Component& component,
                                   const release::Target& target) {
  const content::Platform host{.os = "linux", .architecture = host_arch(), .variant = {}};
  std::vector<PlacedImage> images;
  Problems problems;
  for (std::size_t i = 0; i < component.images.size(); ++i) {
    const content::Image& image = component.images[i];
    const release::CarriedImage& carried = component.document.images[i];
    const std::optional<std::string> reference =
        target.mapped(content::ImageName::parse(carried.name));
    const content::ImageVariant* variant = image.variant_for(host);
    if (!reference) {
      problems.add(format("the target {} has no line in its map for the image {}",
                          component.row.target, carried.name),
                   "add one to map in site.yaml");
    }
    if (variant == nullptr && runs_here(target.driver)) {
      problems.add(format("the image {} is not for this host, {}", carried.name, host.str()),
                   "carry a bundle that has this platform");
    }
    if (variant == nullptr) variant = &image.variants.front();
    std::vector<PlacedSignature> signatures;
    // Of a part of an index nobody signed the digest.
    for (const release::CarriedSignature& each : carried.signatures) {
      if (!carried.whole) signatures.push_back({.manifest = each.manifest, .tag = each.tag});
    }
    images.push_back({.name = carried.name,
                      .reference = reference.value_or(carried.name),
                      .digest = image.root.digest,
                      .manifest = variant->manifest.digest,
                      .config = variant->config.digest,
                      .whole = carried.whole,
                      .signatures = std::move(signatures)});
  }
  problems.throw_if_any(Errc::incompatible);
  return images;
}

}  // namespace sealift::installer
