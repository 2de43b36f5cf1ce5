// SPDX-License-Identifier: Apache-2.0
#pragma once

// The rules on names, and on keys and lists below `values:`, shared by environments, sites and
// release.json; a JSON Schema pattern would name no line.

#include <string>
#include <string_view>
#include <vector>

#include "release/text/schema.hpp"

namespace sealift::release {

// Whether a text is at most 64 of a-z 0-9 . _ - and not empty: how people name things of theirs.
bool is_plain_name(std::string_view name);
// Whether a release may call a component, a service or a check so: at most 64 of a-z 0-9 . _ - and
// neither . nor - first.
bool is_name(std::string_view name);

// What is wrong with a value; empty: nothing. A list has at most 4096 items: all text, numbers,
// true or false, or all of them mappings of names to such.
std::string mistake_in(const Json& value);

void check_value_names(const YamlDocument& document, std::vector<Mistake>& mistakes);

}  // namespace sealift::release
