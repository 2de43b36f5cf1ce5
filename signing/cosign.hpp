// SPDX-License-Identifier: Apache-2.0
#pragma once

// What cosign signs about an image: a payload of "simple signing" (sigstore/cosign,
// SIGNATURE_SPEC.md), an in-toto Statement (v0.1 or v1) in a DSSE envelope, or a Sigstore bundle
// that holds such an envelope (BUNDLE_SPEC.md, bundle 0.1 to 0.3). A caller compares the signature
// over the bytes before it reads them here. All failures are Error{untrusted} without a place.

#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "signing/dsse.hpp"
#include "signing/upstream_signer.hpp"

namespace sealift::signing {

// The predicate type by which cosign 3 says that it signs an image, and attests nothing else.
inline constexpr std::string_view kCosignSigned = "https://sigstore.dev/cosign/sign/v1";

// The digest that a payload of simple signing is about: critical.image.docker-manifest-digest,
// whatever the payload's name is for the image.
Digest parse_signed_image(std::string_view payload);

struct Attested {
  std::string predicate_type;
  std::vector<Digest> subjects;  // those with a SHA-256
};
Attested parse_attested(std::string_view payload);

// An envelope of DSSE that holds an in-toto Statement.
Envelope parse_attestation(std::string_view text);

struct SigstoreBundle {
  Envelope envelope;
  Beside beside;
};
SigstoreBundle parse_sigstore_bundle(std::string_view text);

}  // namespace sealift::signing
