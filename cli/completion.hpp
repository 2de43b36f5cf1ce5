// SPDX-License-Identifier: Apache-2.0
#pragma once

// Completion scripts, made from the commands themselves.

#include <string>

#include "cli/description.hpp"

namespace sealift::cli {

// For bash, zsh or fish. Throws Error{usage} for another shell.
std::string completion_script(const Description& program, const std::string& shell);

}  // namespace sealift::cli
