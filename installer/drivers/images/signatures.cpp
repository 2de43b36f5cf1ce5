// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/images/signatures.hpp"

namespace sealift::installer {

// The configuration is a blob like the layers, also where it is the empty one.
SignatureParts parts_of(const ImageSignature& signature, Content& content) {
  const std::string name = signature.manifest.digest.str();
  std::string bytes =
      read_all(*content.blob(signature.manifest.digest), content::kMaxImageDocument, name);
  const content::ArtifactManifest manifest = content::parse_artifact_manifest(bytes, name);
  std::vector<content::Descriptor> blobs = manifest.layers;
  blobs.push_back(manifest.config);
  return {.manifest = {signature.manifest, std::move(bytes)}, .blobs = std::move(blobs)};
}

std::unique_ptr<Source> open_signature_blob(const content::Descriptor& blob, Content& content) {
  // Bundles carry no empty content.
  if (blob.digest == content::empty_descriptor().digest) {
    return std::make_unique<StringSource>(content::kEmptyContent);
  }
  return content.blob(blob.digest);
}

std::string place_of(const PlacedSignature& signature) {
  return signature.tag.empty() ? signature.manifest.str() : signature.tag;
}

PlacedSignature placed(const ImageSignature& signature) {
  return {.manifest = signature.manifest.digest, .tag = signature.tag};
}

}  // namespace sealift::installer
