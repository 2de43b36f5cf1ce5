// SPDX-License-Identifier: Apache-2.0
#pragma once

// Names that nobody else has: from the kernel's generator. Keys come from signing/, not from here.

#include <cstddef>
#include <string>

namespace sealift {

// `bytes` random bytes as lower-case hex.
std::string random_hex(std::size_t bytes);

}  // namespace sealift
