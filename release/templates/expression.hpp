// SPDX-License-Identifier: Apache-2.0
#pragma once

// What stands inside a tag of a template: NAME, or NAME and filters that it passes from left to
// right, `NAME | json | shell`. NAME is a configuration value, a builtin, a field of the list item
// around it, or one of ".", ".first" and ".last", which say something of that item.

#include <string>
#include <string_view>
#include <vector>

#include "release/templates/filters.hpp"

namespace sealift::release {

inline constexpr std::size_t kMaxFilters = 8;

struct Expression {
  std::string name;
  std::vector<Filter> filters;

  // Of the list item around it, not of the values.
  bool is_of_item() const { return name.front() == '.'; }
  // "set" or "given": its value may be missing.
  bool asks_if_set() const;
  friend bool operator==(const Expression&, const Expression&) = default;
};

// Throws Error{invalid_input}: "found ..., expected ...", without a place.
Expression parse_expression(std::string_view text);

// Takes a text in double quotes, written as in JSON, from the front. Error{invalid_input}.
std::string take_quoted(std::string_view& text);

std::string_view without_blanks(std::string_view text);

}  // namespace sealift::release
