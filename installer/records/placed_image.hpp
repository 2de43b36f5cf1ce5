// SPDX-License-Identifier: Apache-2.0
#pragma once

// A PlacedImage is one image on one target: what the release calls it, what the site calls it, and
// what it is.

#include <optional>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "content/image.hpp"

namespace sealift::installer {

// A manifest of signatures beside an image.
struct PlacedSignature {
  Digest manifest;
  std::string tag;  // where cosign looks for it; empty: it is found by its subject

  friend bool operator==(const PlacedSignature&, const PlacedSignature&) = default;
};

struct PlacedImage {
  std::string name;  // in the release: "docker.io/chanuka/server:1.0.0"
  std::string
      reference;    // on the site, after its map: "registry.site:5000/mirror/chanuka/server:1.0.0"
  Digest digest;    // of the manifest or index that was delivered
  Digest manifest;  // of the manifest for this host; `digest` itself where there is no index
  Digest config;    // of that manifest's configuration: Docker's and Podman's id of the image
  std::optional<Digest> whole = {};  // the index of which it is some platforms
  // In a wish those that travel with it; in a step and a placement those that the store did not
  // have before, which go with the image.
  std::vector<PlacedSignature> signatures = {};

  friend bool operator==(const PlacedImage&, const PlacedImage&) = default;
};

Json to_json(const PlacedImage& image);
PlacedImage placed_image_from_json(const Json& value, const std::string& where);

// What an image is called so that nothing but this image can be meant, in the words of a driver:
// NAME@sha256:..., or for Docker, which knows no digest of what it has loaded, the image's id.
std::string pinned(const PlacedImage& image, const std::string& driver);

}  // namespace sealift::installer
