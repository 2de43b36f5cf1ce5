// SPDX-License-Identifier: Apache-2.0
#include "release/documents/scripts.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/program_file.hpp"
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

namespace {

bool is_started(const std::string& path, const Commands& commands) {
  return std::any_of(commands.begin(), commands.end(), [&](const auto& command) {
    return !command.empty() && script_of(command.front()) == path;
  });
}

// A script that is only an argument may be read by a program that takes it as it is.
void check_script(const std::string& path, const std::string& text, const fs::path& file,
                  const Commands& commands, Problems& problems) {
  if (!is_utf8(text)) {
    problems.add(format("{}: found bytes that are no UTF-8, expected a script", file.string()),
                 "programs belong into a component; a script may run them");
    return;
  }
  const std::string flaw = program_flaw(text);
  if (flaw.empty() || !is_started(path, commands)) return;
  problems.add(format("{}: cannot be started: it {}", file.string(), flaw), flaw_hint(text));
}

}  // namespace

Scripts load_scripts(const fs::path& folder, const Commands& commands) {
  Problems problems;
  Scripts scripts;
  for (const std::string& path : scripts_named(commands)) {
    try {
      std::string text = read_file(folder / path, kMaxScriptBytes);
      check_script(path, text, folder / path, commands, problems);
      scripts[path] = std::move(text);
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
