// SPDX-License-Identifier: Apache-2.0
#pragma once

// A digest that is of no use to who does not have the key: HMAC-SHA-256 (RFC 2104) over the 32
// bytes of a plain one. It takes the place of the digest of a file that holds a secret, which could
// be guessed and compared.

#include <string_view>

#include "base/digest.hpp"
#include "signing/secret.hpp"

namespace sealift::signing {

// HMAC-SHA-256 of any text: 32 bytes.
Secret hmac_sha256(std::string_view key, std::string_view text);
Digest keyed_digest(const Secret& key, const Digest& plain);
// From libsodium's generator.
Secret random_key(std::size_t bytes = 32);

}  // namespace sealift::signing
