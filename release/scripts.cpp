// SPDX-License-Identifier: Apache-2.0
#include "release/scripts.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::release {

std::optional<std::string> script_of(const std::string& word) {
  if (!word.starts_with("./")) return std::nullopt;
  return RelPath::parse(std::string_view(word).substr(2)).str();
}

std::set<std::string> scripts_named(const Commands& commands) {
  std::set<std::string> paths;
  for (const std::vector<std::string>& command : commands) {
    for (const std::string& word : command) {
      if (auto path = script_of(word)) paths.insert(std::move(*path));
    }
  }
  return paths;
}

Scripts load_scripts(const fs::path& folder, const Commands& commands) {
  Problems problems;
  Scripts scripts;
  for (const std::string& path : scripts_named(commands)) {
    try {
      std::string text = read_file(folder / path, kMaxScriptBytes);
      if (is_utf8(text)) {
        scripts[path] = std::move(text);
      } else {
        problems.add(format("{}: found bytes that are no UTF-8, expected a script",
                            (folder / path).string()),
                     "programs belong into a component; a script may run them");
      }
    } catch (const Error& error) {
      problems.add(error.within("scripts"));
    }
  }
  if (scripts.size() > kMaxScripts) {
    problems.add(format("found {} scripts, expected at most {}", scripts.size(), kMaxScripts));
  }
  problems.throw_if_any(Errc::invalid_input);
  return scripts;
}

Scripts scripts_from_json(const Json& value, const std::string& where) {
  Scripts scripts = texts_by_key(value, where);
  if (scripts.empty() || scripts.size() > kMaxScripts) {
    throw Error(Errc::corrupt,
                format("{}: found {}, expected 1 to {}", where, scripts.size(), kMaxScripts));
  }
  for (const auto& [path, text] : scripts) {
    while_reading(where, [&, &at = path] { RelPath::parse(at); });
    if (text.size() > kMaxScriptBytes) {
      throw Error(Errc::corrupt, format("{}: {}: found {} bytes, expected at most {}", where,
                                        printable(path, 200), text.size(), kMaxScriptBytes));
    }
  }
  return scripts;
}

}  // namespace sealift::release
