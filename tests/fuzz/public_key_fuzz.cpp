// SPDX-License-Identifier: Apache-2.0
#include "signing/public_key.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kPublicKey("public_key", [](std::string_view bytes) {
  const signing::PublicKey key = signing::parse_public_key(bytes, "key");
  require(signing::PublicKey::from_tuf(key.to_tuf(), "key") == key,
          "a key that is written into a root and read again is the same");
  require(!key.verifies("message", std::string(64, '\0')), "no key accepts an empty signature");
});

}  // namespace sealift::fuzz
