// SPDX-License-Identifier: Apache-2.0
#pragma once

// What file.cpp and dir.cpp hold every file to, whichever way it is opened or made.

#include <sys/stat.h>

#include <string_view>

namespace sealift {

// True where the process's umask would take bits of `mode` away. What we install does not depend on
// it. Asked each time: two short system calls beside the one that makes a file.
bool is_masked(unsigned mode);

// Error{io} that names what is there instead of a regular file.
void require_regular(const struct stat& status, std::string_view name);

}  // namespace sealift
