// SPDX-License-Identifier: Apache-2.0
#pragma once

// Ports of this host that nobody listens on.

#include <string>
#include <vector>

namespace sealift::installer {

// One for each key, none twice. They are free when this returns; somebody may take one later.
// "KEY=PORT" each. Error{io}.
std::vector<std::string> with_free_ports(const std::vector<std::string>& keys);

}  // namespace sealift::installer
