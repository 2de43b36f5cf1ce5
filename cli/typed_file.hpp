// SPDX-License-Identifier: Apache-2.0
#pragma once

// A file's name that was mistyped on the command line.

#include <string>
#include <vector>

#include "base/error.hpp"

namespace sealift::cli {

// Where `error` says no more than that a file cannot be opened, and its name is one of the words
// that were `typed`, the same error with a hint: the name beside it that was meant, or the folder
// that is missing. Any other as it is: a file that nobody typed is ours, and its neighbours are
// nobody's choice.
Error about_typed_file(const Error& error, const std::vector<std::string>& typed);

}  // namespace sealift::cli
