// SPDX-License-Identifier: Apache-2.0
#pragma once

// .env files as Compose reads them: KEY=VALUE or KEY: VALUE, "export " before it, # comments,
// single quotes (as it stands), double quotes (\n \r \t \\ \" \$), both over several lines. Outside
// single quotes $NAME and ${NAME} are the value of a key above, ${NAME:-x} and the other forms of
// Compose work; the environment of the machine that builds is never asked, so a name that only it
// could have is refused. A key twice with different values is refused. Format: the Compose
// specification, env_file.

#include <map>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace sealift::release {

inline constexpr std::size_t kMaxDotenvBytes = 1U << 20;
inline constexpr std::size_t kMaxDotenvValue = 16U << 10;
inline constexpr std::size_t kMaxDotenvKeys = 10'000;

struct DotenvEntry {
  Json value;  // a text; null where the line is a key alone
  int line;
};

enum class DotenvKeys {
  values,  // names of values
  compose  // what Compose takes: letters, digits and _ . -
};

// `name` is for messages. Throws Error{invalid_input} with every mistake.
std::map<std::string, DotenvEntry> parse_dotenv(std::string_view text, const std::string& name,
                                                DotenvKeys keys = DotenvKeys::values);

}  // namespace sealift::release
