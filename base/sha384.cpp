// SPDX-License-Identifier: Apache-2.0
#include "base/sha384.hpp"

// As in base/digest.cpp: fast, and without providers or a configuration file.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

namespace sealift {

struct Sha384::State {
  SHA512_CTX context{};
};

void Sha384::Free::operator()(State* state) const {
  delete state;
}

Sha384::Sha384() : state_(new State) {
  SHA384_Init(&state_->context);
}

void Sha384::update(std::string_view bytes) {
  SHA384_Update(&state_->context, bytes.data(), bytes.size());
}

std::string Sha384::finish() {
  std::string digest(SHA384_DIGEST_LENGTH, '\0');
  SHA384_Final(reinterpret_cast<unsigned char*>(digest.data()), &state_->context);
  SHA384_Init(&state_->context);
  return digest;
}

}  // namespace sealift
