// SPDX-License-Identifier: Apache-2.0
#pragma once

// A digest that is of no use to who does not have the key: HMAC-SHA-256 (RFC 2104) over the 32
// bytes of a plain one. It takes the place of the digest of a file that holds a secret, which could
// be guessed and compared.

#include "base/digest.hpp"
#include "signing/secret.hpp"

namespace sealift::signing {

Digest keyed_digest(const Secret& key, const Digest& plain);
// From libsodium's generator.
Secret random_key(std::size_t bytes = 32);

}  // namespace sealift::signing
