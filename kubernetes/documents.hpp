// SPDX-License-Identifier: Apache-2.0
#pragma once

// The documents of a YAML file, one after the other with "---" between, as kubectl and helm write
// them. Told by lines, since each is parsed by itself.

#include <string>
#include <string_view>
#include <vector>

namespace sealift::kubernetes {

// The texts of those that hold more than comments. Each begins with as many empty lines as stand
// before it, so that the lines of a message are the file's. "--- {a: b}" begins a document on the
// same line; that is kept, and the dashes are not.
std::vector<std::string> documents_of(std::string_view text);

}  // namespace sealift::kubernetes
