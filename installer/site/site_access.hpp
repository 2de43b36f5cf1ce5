// SPDX-License-Identifier: Apache-2.0
#pragma once

// site.yaml and the state folder name commands and places that we run and change as the user who
// started us, so nobody else may have written them. May write: root, the user who runs us, and, for
// root, the owner of the state folder (a service account that owns its whole site).

#include "installer/site/layout.hpp"

namespace sealift::installer {

// Error{untrusted} that names each path that somebody else may write, what was found of it, and the
// command that repairs it. Looks at site.yaml, its folder, the state folder and everything in it;
// above them only at folders where everybody may replace what is not his own.
void refuse_other_writers(const Layout& layout);

}  // namespace sealift::installer
