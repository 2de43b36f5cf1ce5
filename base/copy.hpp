// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/progress.hpp"
#include "base/stream.hpp"

namespace sealift {

// As copy(), and tells how far it has come. How many bytes it was.
std::uint64_t copy(Source& from, Sink& to, Progress& progress);

}  // namespace sealift
