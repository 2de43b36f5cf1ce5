// SPDX-License-Identifier: Apache-2.0
#pragma once

// flags/ENVIRONMENT.yaml, as people write it (docs/flags.md). `name: true` is a flag with the
// variants on and off. YAML here has no numbers with a point: in quotes, and with `type: number`,
// they are numbers.

#include <map>
#include <string>

#include "base/error.hpp"
#include "release/flags/flags.hpp"
#include "release/text/yaml.hpp"

namespace sealift::release {

// A flag file that was read, and where in it things stand.
struct FlagsFile {
  YamlDocument document;
  FlagSet set;

  // "flags/production.yaml:3: flags.new-search"
  std::string where(const std::string& flag) const;
};

// `name` is for messages. Throws Error{invalid_input} with every mistake.
FlagsFile parse_flags(std::string_view text, const std::string& name);

// Every environment has the same flags, and each flag the same variants of the same type: an
// application that runs in one must run in all. By environment.
void compare_flags(const std::map<std::string, FlagsFile>& files, Problems& problems);

}  // namespace sealift::release
