// SPDX-License-Identifier: Apache-2.0
#include "compose/variables.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/lines.hpp"
#include "base/path.hpp"
#include "release/text/compose_variable.hpp"
#include "release/values/dotenv.hpp"

namespace sealift::compose {

namespace {

constexpr int kMaxNesting = 16;
constexpr std::size_t kShown = 40;

[[noreturn]] void refuse_dollar(std::string_view text) {
  throw Error(
      Errc::invalid_input,
      format("found \"{}\", expected a variable such as ${{NAME}}", printable(text, kShown)),
      "write $$ for a $ that begins no variable");
}

}  // namespace

Variables read_variables(std::string_view text) {
  Variables variables;
  for (const auto& [key, entry] :
       release::parse_dotenv(text, kVariablesFile, release::DotenvKeys::compose)) {
    if (!entry.value.is_null()) variables.emplace(key, entry.value.text());
  }
  return variables;
}

bool is_of_host(std::string_view name) {
  return std::find(kHostVariables.begin(), kHostVariables.end(), name) != kHostVariables.end() ||
         name == "LANG" || name == "COMPOSE_PROJECT_NAME";
}

std::string Interpolation::fill(std::string_view text) {
  return fill(text, 0);
}

std::string Interpolation::fill(std::string_view text, int depth) {
  if (depth > kMaxNesting) refuse_dollar(text);
  std::string filled;
  while (!text.empty()) {
    const std::size_t at = std::min(text.find('$'), text.size());
    filled += text.substr(0, at);
    text.remove_prefix(at);
    if (text.empty()) break;
    const std::string_view behind = text.substr(1);
    if (behind.starts_with('$')) {
      filled += '$';
      text.remove_prefix(2);
    } else if (behind.starts_with('{')) {
      const std::size_t end = release::closing_brace(behind.substr(1));
      if (end == std::string_view::npos) refuse_dollar(text);
      filled += braced(behind.substr(1, end), depth);
      text.remove_prefix(end + 3);
    } else {
      const std::string_view name = release::compose_variable_name(behind);
      if (name.empty()) {
        lone_.insert(printable(text, kShown));
        filled += '$';
        text.remove_prefix(1);
        continue;
      }
      filled += plain(std::string(name), text.substr(0, name.size() + 1));
      text.remove_prefix(name.size() + 1);
    }
  }
  return filled;
}

std::string Interpolation::plain(const std::string& name, std::string_view written) {
  if (name == "PWD") return ".";
  if (is_of_host(name)) return std::string(written);
  if (const auto value = variables_.find(name); value != variables_.end()) return value->second;
  unset_.insert(name);
  return "";
}

std::string Interpolation::braced(std::string_view inside, int depth) {
  std::string written = format("${{{}}}", inside);
  const auto& [named, asks_for_text, sign, word] = release::ComposeVariable::read(inside);
  const std::string name(named);
  if (name.empty()) refuse_dollar(written);
  if (sign == 0) return plain(name, written);
  if (is_of_host(name)) return written;
  if (name == "PWD") return sign == '+' ? fill(word, depth + 1) : ".";
  const auto value = variables_.find(name);
  const bool is_set = value != variables_.end() && !(asks_for_text && value->second.empty());
  if (sign == '+') return is_set ? fill(word, depth + 1) : "";
  if (is_set) return value->second;
  if (sign == '-') return fill(word, depth + 1);
  throw Error(
      Errc::invalid_input,
      format("the variable {} is {}: {}", name, value == variables_.end() ? "not set" : "empty",
             word.empty() ? "it is required" : printable(word, 200)),
      format("declare {} in environments/schema.json or give it a value in "
             "environments/NAME.yaml",
             name));
}

std::set<std::string> variables_in(std::string_view text) {
  std::set<std::string> names;
  for (std::string_view line : split_lines(text)) {
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos || line[first] == '#') continue;
    for (std::size_t at = line.find('$'); at != std::string_view::npos; at = line.find('$', at)) {
      line.remove_prefix(at + 1);
      at = 0;
      if (line.starts_with('$')) {
        line.remove_prefix(1);
        continue;
      }
      const std::string_view name =
          release::compose_variable_name(line.substr(line.starts_with('{') ? 1 : 0));
      if (!name.empty() && !is_of_host(name) && name != "PWD") names.emplace(name);
    }
  }
  return names;
}

}  // namespace sealift::compose
