// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/program.hpp"

namespace sealift::cli {

// The command `version`: the program's version and the formats that it reads.
void add_version(Command& program, const std::string& name);

}  // namespace sealift::cli
