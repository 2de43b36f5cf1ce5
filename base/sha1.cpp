// SPDX-License-Identifier: Apache-2.0
#include "base/sha1.hpp"

#include "base/digest.hpp"

// As in base/digest.cpp: fast, and without providers or a configuration file.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

namespace sealift {

std::string sha1_hex(std::string_view bytes) {
  SHA_CTX context{};
  SHA1_Init(&context);
  SHA1_Update(&context, bytes.data(), bytes.size());
  std::string digest(SHA_DIGEST_LENGTH, '\0');
  SHA1_Final(reinterpret_cast<unsigned char*>(digest.data()), &context);
  return to_hex(digest);
}

}  // namespace sealift
