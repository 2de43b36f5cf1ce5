// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whose a directory that we make is.

#include <optional>
#include <string>

#include "base/file.hpp"
#include "installer/drivers/files/tree_writer.hpp"

namespace sealift::installer {

// "UID:GID", as site.yaml and steps say it; nothing for an empty text.
std::optional<Owner> parse_owner(const std::string& text);
// Nothing is changed without an owner: then it is the user that runs this. Error{io} where the user
// may not give it away.
void own(const Dir& folder, const std::optional<Owner>& owner);
// A new directory inherits its label from its parent by policy; a target that an administrator
// labelled otherwise passes that label on.
void copy_selinux_label(const Dir& from, const Dir& to);

}  // namespace sealift::installer
