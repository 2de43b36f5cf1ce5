// SPDX-License-Identifier: Apache-2.0
#pragma once

// The list of kinds.

#include <string_view>

#include "builder/kind/kind.hpp"

namespace sealift::builder {

// Error{internal} for a word that the schema should have refused. A Kind lives as long as the
// program.
const Kind& kind_named(std::string_view name);

}  // namespace sealift::builder
