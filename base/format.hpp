// SPDX-License-Identifier: Apache-2.0
#pragma once

// The door to fmt: text is formatted with sealift::format("{}", ...).

#include <fmt/core.h>

namespace sealift {
using fmt::format;
}  // namespace sealift
