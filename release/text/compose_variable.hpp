// SPDX-License-Identifier: Apache-2.0
#pragma once

// How Compose lets a text name a variable (the Compose Specification, interpolation): $NAME,
// ${NAME},
// ${NAME:-default}, ${NAME-default}, ${NAME:?message}, ${NAME?message}, ${NAME:+other} and
// ${NAME+other}. What it stands for is its readers' to say: a .env file and a Compose file know
// different variables.

#include <cstddef>
#include <string_view>

namespace sealift::release {

// What stands between the braces of "${...}".
struct ComposeVariable {
  std::string_view name;       // empty: it is none of the forms
  bool asks_for_text = false;  // ':': an empty value counts as none
  char sign = 0;               // '-', '?' or '+'; 0: its value alone
  std::string_view word = {};  // behind the sign; may hold others

  static ComposeVariable read(std::string_view inside);
};

// The name that a text begins with; empty: none.
std::string_view compose_variable_name(std::string_view text);

// Where the brace is closed behind which `text` begins, over those of other variables; npos:
// nowhere.
std::size_t closing_brace(std::string_view text);

}  // namespace sealift::release
