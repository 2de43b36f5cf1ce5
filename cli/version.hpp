// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/program.hpp"

namespace sealift::cli {

// The program's version and the formats that it reads.
void show_version(const std::string& program, Session& session);

}  // namespace sealift::cli
