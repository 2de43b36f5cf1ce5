// SPDX-License-Identifier: Apache-2.0
#include "signing/keyed_digest.hpp"

#include <sodium.h>

namespace sealift::signing {

Digest keyed_digest(const Secret& key, const Digest& plain) {
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> result{};
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.bytes().data(), key.bytes().size());
  crypto_auth_hmacsha256_update(&state, plain.bytes().data(), plain.bytes().size());
  crypto_auth_hmacsha256_final(&state, result.data());
  sodium_memzero(&state, sizeof state);
  return Digest::from_bytes(result);
}

Secret random_key(std::size_t bytes) {
  Secret key(bytes);
  randombytes_buf(key.bytes().data(), key.bytes().size());
  return key;
}

}  // namespace sealift::signing
