// SPDX-License-Identifier: Apache-2.0
#pragma once

// Checks a document that a person wrote against the JSON Schema of that name in schemas/, which is
// part of the program: the schema in the repository is the one that runs.

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "release/text/yaml.hpp"

namespace sealift::release {

struct Mistake {
  int line;
  Problem problem;
};

// Every mistake, in our own words, with line and path. Empty: the document is valid.
std::vector<Mistake> check_schema(const YamlDocument& document, std::string_view schema);

// A value as messages name it: "the number 3", "a list", a text in quotes.
std::string described(const Json& value);

// Sorts by line and throws one Error{invalid_input}, where there is any mistake.
void throw_mistakes(std::vector<Mistake> mistakes);

}  // namespace sealift::release
