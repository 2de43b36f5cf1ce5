// SPDX-License-Identifier: Apache-2.0
#pragma once

// Configuration values and the environments that they belong to: environments/NAME.yaml.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "base/json.hpp"

namespace sealift::release {

// Scalars, or lists of scalars or of objects of scalars. Null means: each site must set it.
using Values = std::map<std::string, Json>;

struct Environment {
  std::string name;
  Values values;
};

// Throws Error{invalid_input} with every mistake.
Environment load_environment(const fs::path& file, const std::string& name);

// Both, the site's values first.
Values merge(const Values& environment, const Values& site);

// [A-Za-z_][A-Za-z0-9_]*, at most 128 bytes.
bool is_value_name(std::string_view name);

// As a template shows it.
std::string scalar_text(const Json& scalar);

}  // namespace sealift::release
