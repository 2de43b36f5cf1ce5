// SPDX-License-Identifier: Apache-2.0
#pragma once

// Completion scripts, made from the commands themselves.

#include <string>

namespace CLI {
class App;
}

namespace sealift::cli {

// Throws Error{usage} for a shell that is not known.
std::string completion_script(const CLI::App& app, const std::string& shell);

}  // namespace sealift::cli
