// SPDX-License-Identifier: Apache-2.0
#pragma once

// What another project's cosign has signed about an image: verified before anything else of the
// image is taken, and carried with it as it is. Nobody outside the image's source is asked.

#include <vector>

#include "builder/images/image_source.hpp"
#include "bundle/spool.hpp"
#include "release/documents/manifest.hpp"
#include "release/project/release_file.hpp"

namespace sealift::builder {

struct ImageSignatures {
  std::vector<release::CarriedSignature> carried;
  std::vector<content::Descriptor> blobs;  // in the spool, each once
};

// `image` is what the source has: of an index the whole one. Nothing where release.yaml asks for
// nothing. Error{invalid_input} for a key that cannot be read; Error{untrusted} where a signature
// or an attestation that release.yaml asks for is missing, with why each that is there does not
// count.
ImageSignatures take_signatures(const release::Release& release, const release::ImageEntry& entry,
                                const content::Descriptor& image, ImageSource& source,
                                bundle::Spool& spool);

// Error{untrusted} unless `signatures` prove what release.lock.yaml says was verified of the image.
void check_lock(const release::Release& release, const release::ImageEntry& entry,
                const std::vector<release::CarriedSignature>& signatures);
// "signature by key sha256:...", each once, sorted: what release.lock.yaml keeps.
std::vector<std::string> verified_by(const std::vector<release::CarriedSignature>& signatures);

}  // namespace sealift::builder
