// SPDX-License-Identifier: Apache-2.0
#include <sodium.h>

#include "signing/algorithms.hpp"
#include "signing/raw.hpp"

namespace sealift::signing {

bool ed25519_verifies(std::string_view key, std::string_view message, std::string_view signature) {
  return key.size() == kEd25519Bytes && signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(raw(signature), raw(message), message.size(), raw(key)) == 0;
}

}  // namespace sealift::signing
