// SPDX-License-Identifier: Apache-2.0
#pragma once

// What kinds whose files are templates share: each file is parsed while it is packed, and what it
// asks for is noted.

#include <functional>
#include <string>
#include <string_view>

#include "builder/kinds/kind.hpp"
#include "builder/kinds/tree.hpp"

namespace sealift::builder {

// Packs the component's source, and `made` as if it were in there. `finish` sees what was packed
// before it is described, and may add to its document.
BuiltComponent build_templates(const release::ComponentEntry& entry, const Workshop& workshop,
                               std::string_view artifact_type, MadeFiles made, const Inspect& see,
                               const std::function<void(PackedTree&)>& finish);

}  // namespace sealift::builder
