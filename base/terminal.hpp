// SPDX-License-Identifier: Apache-2.0
#pragma once

// The terminal that a person reads on.

#include <cstddef>

namespace sealift {

// Its width; 0 where the descriptor is no terminal.
std::size_t terminal_columns(int descriptor);

}  // namespace sealift
