// SPDX-License-Identifier: Apache-2.0
#include "signing/cosign.hpp"

#include "signing/upstream_key.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

// Each form of what another project has signed, and its key.
const Target kCosign("cosign", [](std::string_view bytes) {
  even_if_refused([&] { signing::parse_signed_image(bytes); });
  even_if_refused([&] { signing::parse_attested(bytes); });
  even_if_refused([&] { signing::parse_attestation(bytes); });
  even_if_refused([&] { signing::parse_sigstore_bundle(bytes); });
  even_if_refused([&] { signing::parse_log_annotation(bytes); });
  even_if_refused([&] { signing::parse_logged(bytes); });
  even_if_refused([&] { signing::UpstreamKey::parse(bytes, "key").verifies(bytes, bytes); });
});

}  // namespace sealift::fuzz
