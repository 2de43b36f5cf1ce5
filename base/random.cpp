// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"

#include <sys/random.h>

#include "base/digest.hpp"
#include "base/error.hpp"

namespace sealift {

std::string random_hex(std::size_t bytes) {
  std::string random(bytes, '\0');
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    throw_errno("random generator", "read");
  }
  return to_hex(random);
}

}  // namespace sealift
