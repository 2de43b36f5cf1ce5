// SPDX-License-Identifier: Apache-2.0
#include "signing/dsse.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kEnvelope("envelope", [](std::string_view bytes) {
  const signing::Envelope read = signing::parse_envelope(bytes, "envelope");
  const std::string text = to_text(read);
  const signing::Envelope again = signing::parse_envelope(text, "envelope");
  require(again.payload_type == read.payload_type && again.payload == read.payload &&
              again.signatures.size() == read.signatures.size() && to_text(again) == text,
          "an envelope that is written and read again is the same");
});

}  // namespace sealift::fuzz
