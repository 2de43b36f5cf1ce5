// SPDX-License-Identifier: Apache-2.0
#pragma once

// The filters of templates, `{{NAME | shell}}`: each makes of a value the text that another program
// reads back as just that value, or a condition. docs/templates.md lists them for people.
// A message never shows the value itself, which may be a secret.

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace sealift::release {

struct Filter {
  std::string name;
  std::string argument;  // of join

  friend bool operator==(const Filter&, const Filter&) = default;
};

const std::vector<std::string>& filter_names();

// Throws Error{invalid_input} where the value cannot be written so: "holds a newline, which ...".
// Precondition: the filter's name is one of filter_names().
Json apply_filter(const Filter& filter, const Json& value);

// Why a value cannot stand in a dotenv file that docker-compose, podman, docker, systemd and a
// shell all read the same, such as "holds a blank"; empty: it can. At most 16 KiB.
std::string why_not_portable(const Json& value);

// "text", "a number", "true or false", "a list", "an item with fields", "not set".
std::string_view sort_of(const Json& value);

}  // namespace sealift::release
