// SPDX-License-Identifier: Apache-2.0
#pragma once

// A file of the tree that is, or shall be, installed on a target. The target may belong to somebody
// else than who runs the installer, and he may have put links there: none below PATH is followed,
// so nothing of the host is read that he could not read himself.

#include <cstdint>
#include <string>

#include "base/file.hpp"

namespace sealift::installer {

// What PATH/directory/name says; `name` may have folders. Error{io} where it is missing, or where
// it or a folder on the way is a link or no regular file; Error{invalid_input} beyond `limit`
// bytes.
std::string installed_file(const fs::path& path, const std::string& directory,
                           const std::string& name, std::uint64_t limit);

}  // namespace sealift::installer
