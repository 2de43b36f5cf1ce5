// SPDX-License-Identifier: Apache-2.0
#pragma once

// The door to valijson: JSON Schema, draft 7.

#include <string>
#include <vector>

#include "base/json.hpp"

namespace sealift::release {

struct SchemaError {
  std::vector<std::string> path;  // from the root: keys, and indexes in decimal
  std::string description;        // the library's words
};

// Every error of `document`; a parent says once more what its child has said. Types are strict:
// "1" is no number. Throws what the library throws where `schema` is none: it is one of ours.
std::vector<SchemaError> errors_by(const Json& schema, const Json& document);

}  // namespace sealift::release
