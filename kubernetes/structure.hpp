// SPDX-License-Identifier: Apache-2.0
#pragma once

// The structure of an object against what its API has: fields that are not there, values of another
// type, and fields that have to be there. A server refuses all of them.

#include <string>
#include <vector>

#include "base/json.hpp"
#include "kubernetes/api_schema.hpp"

namespace sealift::kubernetes {

// Ids of findings, for waivers.
inline constexpr const char* kUnknownField = "unknown-field";
inline constexpr const char* kUnknownKind = "unknown-kind";
inline constexpr const char* kWrongType = "wrong-type";
inline constexpr const char* kMissingField = "missing-field";

struct Flaw {
  const char* rule;
  std::string pointer;  // from the object, as YamlDocument takes it
  std::string found;    // "found a text, expected a whole number"
  std::string hint;
};

// All flaws of an object. A kind that `schema` lacks is one where the schema has all, or has other
// kinds of the same version; of any other nothing is known, and nothing said.
std::vector<Flaw> find_flaws(const Json& body, const Reference& reference, const ApiSchema& schema);

}  // namespace sealift::kubernetes
