// SPDX-License-Identifier: Apache-2.0
#pragma once

// What travels with an image to verify it by, as stores bring it in.

#include <memory>
#include <string>
#include <vector>

#include "installer/content/content.hpp"
#include "installer/records/placed_image.hpp"

namespace sealift::installer {

// A manifest of signatures, and the blobs that it names.
struct SignatureParts {
  content::Document manifest;
  std::vector<content::Descriptor> blobs;
};
// Read out of the release; Error{corrupt} where the manifest is not what its digest says.
SignatureParts parts_of(const ImageSignature& signature, Content& content);
// One of its blobs.
std::unique_ptr<Source> open_signature_blob(const content::Descriptor& blob, Content& content);

// The tag or digest by which it is found beside its image.
std::string place_of(const PlacedSignature& signature);
PlacedSignature placed(const ImageSignature& signature);

}  // namespace sealift::installer
