// SPDX-License-Identifier: Apache-2.0
#pragma once

// The two signature algorithms that can count for an approval or a root: pure Ed25519 (RFC 8032,
// through libsodium) and ECDSA over P-256 with SHA-256 (FIPS 186-5, through OpenSSL).

#include <string>
#include <string_view>

namespace sealift::signing {

inline constexpr std::size_t kEd25519Bytes = 32;
inline constexpr std::size_t kP256Bytes = 65;  // an uncompressed point: 4, X, Y

// False for anything but a good signature of 64 bytes.
bool ed25519_verifies(std::string_view key, std::string_view message, std::string_view signature);

// Whether `point` is an uncompressed point of the curve. A point that is not on it could leak or
// verify anything.
bool is_p256_point(std::string_view point);
// `signature` is DER (RFC 3279 section 2.2.3), in its one spelling.
bool p256_verifies(std::string_view point, std::string_view message, std::string_view signature);
// DER from two integers, big endian, of at most 33 bytes: how PKCS#11 and OpenSSH spell signatures.
std::string p256_der(std::string_view r, std::string_view s);

}  // namespace sealift::signing
