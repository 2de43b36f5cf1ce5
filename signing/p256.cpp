// SPDX-License-Identifier: Apache-2.0
#include <memory>

// The low-level interface, for the reasons that base/digest.cpp gives.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>

#include "base/digest.hpp"
#include "signing/algorithms.hpp"
#include "signing/openssl_free.hpp"
#include "signing/raw.hpp"

namespace sealift::signing {

namespace {

using Key = std::unique_ptr<EC_KEY, FreedBy<EC_KEY_free>>;

// Null where `point` is not on the curve.
Key key_of(std::string_view point) {
  if (point.size() != kP256Bytes || point.front() != 4) return nullptr;
  Key key(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  const bool good =
      key != nullptr && EC_KEY_oct2key(key.get(), raw(point), point.size(), nullptr) == 1;
  return good ? std::move(key) : nullptr;
}

// An INTEGER: without leading zeros, but for one that keeps it positive.
std::string der_integer(std::string_view number) {
  while (!number.empty() && number.front() == '\0') number.remove_prefix(1);
  std::string value(number);
  if (value.empty() || (static_cast<unsigned char>(value.front()) & 0x80) != 0) {
    value.insert(value.begin(), '\0');
  }
  return std::string{'\x02', static_cast<char>(value.size())} + value;
}

}  // namespace

bool is_p256_point(std::string_view point) {
  return key_of(point) != nullptr;
}

bool p256_verifies(std::string_view point, std::string_view message, std::string_view signature) {
  const Key key = key_of(point);
  if (key == nullptr || signature.empty() || signature.size() > 72) return false;
  const Digest digest = Digest::of(message);
  // ECDSA_verify itself refuses what is not the DER that it would write.
  return ECDSA_verify(0, digest.bytes().data(), static_cast<int>(digest.bytes().size()),
                      raw(signature), static_cast<int>(signature.size()), key.get()) == 1;
}

std::string p256_der(std::string_view r, std::string_view s) {
  const std::string body = der_integer(r) + der_integer(s);
  return std::string{'\x30', static_cast<char>(body.size())} + body;
}

}  // namespace sealift::signing
