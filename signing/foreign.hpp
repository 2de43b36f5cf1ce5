// SPDX-License-Identifier: Apache-2.0
#pragma once

// Members of documents that others define, such as those of Sigstore, with more members than
// anybody here reads. Error{corrupt} without a place for one that is missing or of another sort.

#include <string>

#include "base/json.hpp"

namespace sealift::signing {

const Json& member(const Json& object, const char* key);
const std::string& text_member(const Json& object, const char* key);

}  // namespace sealift::signing
