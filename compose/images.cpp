// SPDX-License-Identifier: Apache-2.0
#include "compose/images.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "content/image_name.hpp"

namespace sealift::compose {

namespace {

using content::ImageName;

bool is_same_image(const ImageName& wanted, const KnownImage& known) {
  const ImageName name = ImageName::parse(known.name);
  if (wanted.place() != name.place()) return false;
  if (!wanted.tag.empty()) return wanted.tag == name.tag;
  return wanted.digest && known.digests.contains(*wanted.digest);
}

}  // namespace

void add_known_images(const release::Component& component, std::vector<KnownImage>& known) {
  for (std::size_t i = 0; i < component.document.images.size(); ++i) {
    const release::CarriedImage& carried = component.document.images[i];
    KnownImage image{.name = carried.name, .digests = {carried.digest}};
    if (carried.whole) image.digests.insert(*carried.whole);
    for (const content::ImageVariant& variant : component.images.at(i).variants) {
      image.digests.insert(variant.manifest.digest);
    }
    known.push_back(std::move(image));
  }
}

const KnownImage& find_image(const std::string& name, const std::vector<KnownImage>& known) {
  ImageName wanted = ImageName::parse(name);
  if (wanted.tag.empty() && !wanted.digest) wanted.tag = "latest";
  const auto found = std::find_if(known.begin(), known.end(), [&](const KnownImage& each) {
    return is_same_image(wanted, each);
  });
  if (found == known.end()) {
    throw Error(Errc::invalid_input,
                format("names the image {}, which no component carries", wanted.str()),
                "add it to a component of images");
  }
  if (wanted.digest && !found->digests.contains(*wanted.digest)) {
    std::vector<std::string> digests;
    for (const Digest& each : found->digests) digests.push_back(each.str());
    throw Error(Errc::invalid_input,
                format("names the image {}, the release carries {} as {}", wanted.str(),
                       found->name, joined(digests, " or ")),
                "pin a digest that is carried, or carry the image that is pinned");
  }
  return *found;
}

}  // namespace sealift::compose
