// SPDX-License-Identifier: Apache-2.0
#pragma once

// Work behind the closed fence, outside of a transaction.

#include <functional>

#include "installer/operations/tools.hpp"

namespace sealift::installer {

// Closes the site's fence, does it, and opens the fence again, whatever comes of it. Error{usage}
// where site.yaml has no fence. Where this is cut off, `recover` opens it. The lock of the site is
// held.
void while_fenced(const Tools& tools, const std::function<void()>& act);

// Starts the fence's writers and lets users in; nothing happens where it is open.
// Error{target_failed}: what could not be opened stays closed, and may be opened by another call.
void open_all(const Layout& layout, Content& content);

}  // namespace sealift::installer
