// SPDX-License-Identifier: Apache-2.0
#pragma once

// Configuration values and the environments that they belong to: environments/NAME.yaml, or a
// project's own environments/NAME.env.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "base/json.hpp"

namespace sealift::release {

// Scalars, or lists of scalars or of objects of scalars. Null means: each site must set it.
using Values = std::map<std::string, Json>;

// Where each value was written, for messages: "environments/production.yaml:4: values.PORT".
using Places = std::map<std::string, std::string>;

struct Environment {
  std::string name;
  Values values;
  std::string file = {};
  Places places = {};

  // The value's place; the file where it has none.
  std::string place(const std::string& key) const;
};

// Both throw Error{invalid_input} with every mistake. A .env file holds texts, and a key without
// "=" is null; the contract says what else they mean.
Environment load_environment(const fs::path& file, const std::string& name);
Environment load_dotenv(const fs::path& file, const std::string& name);

// Both, the site's values first.
Values merge(const Values& environment, const Values& site);

// [A-Za-z_][A-Za-z0-9_]*, at most 128 bytes.
bool is_value_name(std::string_view name);

// As a template shows it.
std::string scalar_text(const Json& scalar);

}  // namespace sealift::release
