// SPDX-License-Identifier: Apache-2.0
#pragma once

// What kinds whose files are templates share: each file is parsed while it is packed, and what it
// asks for is noted. A file that is no text, or that `raw` names, is no template: the component's
// document lists it where rendering it would not give its own bytes.

#include <functional>
#include <string>
#include <string_view>

#include "builder/kind/kind.hpp"
#include "builder/kind/tree.hpp"

namespace sealift::builder {

// What every mistake in a template of a component may mean.
inline constexpr std::string_view kBracesOfOtherPrograms =
    "where the braces are another program's, name the file in raw of its component, or write "
    "{{\"{{\"}} for {{";

using See = std::function<void(const std::string& path, const std::string& text)>;

// Packs the component's source, and `made` as if it were in there, in the place of what it
// replaces. `finish` sees what was packed
// before it is described, and may add to its document.
BuiltComponent build_templates(const release::ComponentEntry& entry, const Workshop& workshop,
                               std::string_view artifact_type, MadeFiles made, const See& see,
                               const std::function<void(PackedTree&)>& finish,
                               std::set<std::string> replaced = {});

}  // namespace sealift::builder
