// SPDX-License-Identifier: Apache-2.0
#include "signing/secret.hpp"

#include <sodium.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/private_memory.hpp"

namespace sealift::signing {

namespace {

// Once, before the first secret is in memory.
void prepare_memory() {
  static const bool is_ready = [] {
    keep_memory_private();
    return sodium_init() >= 0;
  }();
  if (!is_ready) throw Error(Errc::internal, "libsodium cannot start");
}

}  // namespace

Secret::Secret(std::size_t size) : size_(size) {
  prepare_memory();
  // sodium_malloc locks the pages; where RLIMIT_MEMLOCK forbids it, it still guards and wipes them.
  bytes_.reset(static_cast<unsigned char*>(sodium_malloc(std::max<std::size_t>(size, 1))));
  if (!bytes_) throw_errno("secret", "allocate guarded memory");
}

Secret Secret::taken_from(std::string& source) {
  Secret secret(source.size());
  std::copy(source.begin(), source.end(), secret.bytes().begin());
  wipe(source);
  return secret;
}

void Secret::Wipe::operator()(unsigned char* bytes) const {
  sodium_free(bytes);
}

void wipe(std::string& text) {
  sodium_memzero(text.data(), text.size());
  text.clear();
}

}  // namespace sealift::signing
