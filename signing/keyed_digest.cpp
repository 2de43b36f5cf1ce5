// SPDX-License-Identifier: Apache-2.0
#include "signing/keyed_digest.hpp"

#include <sodium.h>

#include "signing/raw.hpp"

namespace sealift::signing {

Secret hmac_sha256(std::string_view key, std::string_view text) {
  Secret result(crypto_auth_hmacsha256_BYTES);
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, raw(key), key.size());
  crypto_auth_hmacsha256_update(&state, raw(text), text.size());
  crypto_auth_hmacsha256_final(&state, result.bytes().data());
  sodium_memzero(&state, sizeof state);
  return result;
}

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
