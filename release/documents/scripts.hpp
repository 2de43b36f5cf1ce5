// SPDX-License-Identifier: Apache-2.0
#pragma once

// The scripts that travel with a release, because a health check or a hook runs them: small text
// files beside release.yaml, which a command names as "./PATH".

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/json.hpp"

namespace sealift::release {

inline constexpr std::size_t kMaxScripts = 32;
inline constexpr std::size_t kMaxScriptBytes = 64U << 10;

using Scripts = std::map<std::string, std::string>;  // path -> text
using Commands = std::vector<std::vector<std::string>>;

// The script that a word of a command names; nothing where it names none. Error{invalid_input} for
// a path that leaves the release.
std::optional<std::string> script_of(const std::string& word);
std::set<std::string> scripts_named(const Commands& commands);

// Reads those that the commands name; Error{invalid_input} with everything that is wrong with them.
Scripts load_scripts(const fs::path& folder, const Commands& commands);

// Strict; Error{corrupt}.
Scripts scripts_from_json(const Json& value, const std::string& where);

}  // namespace sealift::release
