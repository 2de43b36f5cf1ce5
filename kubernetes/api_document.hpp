// SPDX-License-Identifier: Apache-2.0
#pragma once

// An OpenAPI document, version 2, of an API server, as JSON: what ApiSchema (api_schema.hpp) is
// read from. It may come from anywhere, so nothing of it is taken for granted.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "kubernetes/object.hpp"

namespace sealift::kubernetes {

inline constexpr std::size_t kMaxApiBytes = 32U << 20;  // of a document
inline constexpr std::size_t kMaxDefinitions = 50'000;

// The mapping `definitions`, each by its name. Throws Error{invalid_input}, which names `where`,
// for what is no JSON, another version of OpenAPI, and beyond the limits.
Json read_definitions(std::string_view document, const std::string& where);

// Which object a definition describes, with no name; nothing where it describes none that is
// applied: a part of one, a list, or what goes with requests (DeleteOptions).
std::optional<Reference> read_kind(const Json& definition);

// The name of the definition that `node` refers to; empty where it refers to none. A reference in
// an allOf of its own is one as well.
std::string read_reference(const Json& node);

// A document with what ApiSchema reads of it and no more: no descriptions, no paths, no definitions
// that no kind needs. A definition a line, sorted: the same API gives the same bytes. Throws as
// ApiSchema::parse() does.
std::string reduced_api(std::string_view document, const std::string& where);

}  // namespace sealift::kubernetes
