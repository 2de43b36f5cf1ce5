// SPDX-License-Identifier: Apache-2.0
#pragma once

// The host that a site is on.

#include <string>

namespace sealift::installer {

// As images name it: "amd64", "arm64", or what the kernel says. Asked of the kernel (uname(2)),
// which may be another's under an emulator.
std::string host_arch();

}  // namespace sealift::installer
