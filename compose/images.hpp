// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which image of a release a Compose file means: by its name and tag, and where the file pins a
// digest, by that digest as well.

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "release/documents/manifest.hpp"

namespace sealift::compose {

// An image that a release carries.
struct KnownImage {
  std::string name;          // full, with its tag
  std::set<Digest> digests;  // of its index and manifests, and of the index that it is a part of
};

// Adds those of one component; none where it is not one of images.
void add_known_images(const release::Component& component, std::vector<KnownImage>& known);
// Those of all components of a release: a Compose file may use an image that another component
// carries. `component`: the member of each in which the component is.
template <typename Components, typename Member = std::identity>
std::vector<KnownImage> known_images(const Components& components, Member component = {}) {
  std::vector<KnownImage> known;
  for (const auto& each : components) add_known_images(std::invoke(component, each), known);
  return known;
}

// The one that `name` means: "postgres" is docker.io/library/postgres:latest, and a name with a
// digest and no tag means whichever has that digest. Error{invalid_input} where none of `known` is
// that one, or `name` is none.
const KnownImage& find_image(const std::string& name, const std::vector<KnownImage>& known);

}  // namespace sealift::compose
