// SPDX-License-Identifier: Apache-2.0
#include "release/documents/unit_file.hpp"

#include <algorithm>
#include <vector>

#include "base/ascii.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "release/documents/workload.hpp"

namespace sealift::release {

namespace {

constexpr std::string_view kDropIns = ".d";
constexpr std::string_view kDropIn = ".conf";
constexpr std::string_view kSpace = " \t\r";
// What ends a path in a value; a colon, because BindPaths= has pairs.
constexpr std::string_view kEndOfPath = " \t\r\n\"';,:";

// Takes a line from the front of `text`; systemd ends one at a carriage return as well.
std::string_view taken_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  text.remove_prefix(line.size());
  if (text.starts_with('\r')) text.remove_prefix(1);
  if (text.starts_with('\n')) text.remove_prefix(1);
  return line;
}

// An odd number of backslashes: of two, one quotes the other.
bool goes_on(std::string_view line) {
  const std::size_t last = line.find_last_not_of('\\');
  return (line.size() - (last == line.npos ? 0 : last + 1)) % 2 == 1;
}

bool is_yes(std::string_view value) {
  return value == "1" || value == "yes" || value == "true" || value == "on" || value == "y" ||
         value == "t";
}

// The name or number of a user that is certainly not root.
bool is_plain_user(std::string_view user) {
  const auto is_of_name = [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-'; };
  if (user.empty() || user == "root" || !std::all_of(user.begin(), user.end(), is_of_name)) {
    return false;
  }
  return user.find_first_not_of('0') != user.npos;
}

std::vector<std::string_view> words_of(std::string_view value) {
  std::vector<std::string_view> words;
  while (!(value = trimmed(value, kSpace)).empty()) {
    words.push_back(value.substr(0, value.find_first_of(kSpace)));
    value.remove_prefix(words.back().size());
  }
  return words;
}

// Whether a command, or one that follows it behind a semicolon, has + or ! before its program.
bool is_raised(std::string_view value) {
  bool is_first = true;
  for (const std::string_view word : words_of(value)) {
    const std::string_view prefix =
        word.substr(0, std::min(word.find_first_not_of("@-:+!|"), word.size()));
    if (is_first && prefix.find_first_of("+!") != prefix.npos) return true;
    is_first = word == ";" || (is_first && prefix == word);
  }
  return false;
}

// To bind low ports is no way to become root.
bool is_harmless_capability(std::string_view word) {
  return word == "CAP_NET_BIND_SERVICE";
}

}  // namespace

void UnitFile::take(std::string_view section, std::string_view key, std::string_view value) {
  const bool is_wish = key == "WantedBy" || key == "RequiredBy" || key == "Alias";
  if (section == "Install" && is_wish && !value.empty()) {
    install += std::string(key) + "=" + std::string(value) + "\n";
  }
  if (key.starts_with("Exec")) {
    has_commands = true;
    keeps_rights = keeps_rights || is_raised(value);
  }
  if (section != "Service") return;
  if (key == "Type") is_job = value == "oneshot";
  if (key == "User") user = value;
  if (key == "DynamicUser") is_dynamic = is_yes(value);
  if (key == "PermissionsStartOnly") keeps_rights = keeps_rights || is_yes(value);
  if (key == "AmbientCapabilities") {
    const std::vector<std::string_view> words = words_of(value);
    keeps_rights = keeps_rights || !std::all_of(words.begin(), words.end(), is_harmless_capability);
  }
}

void UnitFile::add(std::string_view text) {
  std::string section;
  std::string whole;  // a line and those that go on with it
  const auto end = [&] {
    const std::string_view line = trimmed(whole, kSpace);
    if (line.starts_with('[') && line.ends_with(']')) {
      section = line.substr(1, line.size() - 2);
    } else if (const std::size_t equals = line.find('='); equals != line.npos) {
      take(section, trimmed(line.substr(0, equals), kSpace),
           trimmed(line.substr(equals + 1), kSpace));
    }
    whole.clear();
  };
  while (!text.empty()) {
    const std::string_view line = trimmed(taken_line(text), kSpace);
    if (line.starts_with('#') || line.starts_with(';')) continue;
    whole += line;
    if (goes_on(line)) {
      whole.back() = ' ';
    } else {
      end();
    }
  }
  end();
}

UnitFile UnitFile::parse(std::string_view text) {
  UnitFile unit;
  unit.add(text);
  return unit;
}

bool UnitFile::runs_as_root(std::string_view name) const {
  const std::string_view type = name.substr(std::min(name.rfind('.'), name.size()));
  if (type == ".mount" || type == ".automount" || type == ".swap") return true;
  if (type != ".service") return has_commands;
  const bool has_user = is_plain_user(user) || (user.empty() && is_dynamic);
  return keeps_rights || !has_user;
}

std::string unit_of(const std::string& path) {
  const std::size_t slash = path.find('/');
  if (slash == path.npos) return is_unit_name(path) ? path : "";
  const std::string folder = path.substr(0, slash);
  const bool is_drop_in = folder.ends_with(kDropIns) && path.ends_with(kDropIn) &&
                          path.find('/', slash + 1) == path.npos;
  if (!is_drop_in) return "";
  const std::string unit = folder.substr(0, folder.size() - kDropIns.size());
  return is_unit_name(unit) ? unit : "";
}

std::vector<Claim> claims_of(const std::map<std::string, UnitFile>& units,
                             const std::vector<std::string>& command) {
  std::vector<Claim> claims;
  if (std::find(command.begin(), command.end(), "--user") != command.end()) return claims;
  for (const auto& [name, unit] : units) {
    if (!unit.runs_as_root(name)) continue;
    claims.push_back({Reach::root_units, format("unit {} runs as root", name)});
  }
  return claims;
}

bool is_template_unit(std::string_view name) {
  return name.find("@.") != name.npos;
}

std::set<std::string> names_below(std::string_view text, const std::string& root) {
  std::set<std::string> names;
  for (std::size_t at = text.find(root); at != text.npos; at = text.find(root, at + 1)) {
    std::string_view rest = text.substr(at + root.size());
    rest = rest.substr(0, rest.find_first_of(kEndOfPath));
    if (!rest.empty() && rest.front() != '/') continue;  // a longer name
    if (const std::size_t unknown = rest.find_first_of("$%*?["); unknown != rest.npos) {
      rest = rest.substr(0, rest.rfind('/', unknown));
    }
    std::string name = fs::path(rest).relative_path().lexically_normal().string();
    while (name.size() > 1 && name.ends_with('/')) name.pop_back();
    names.insert(name.empty() || name.starts_with("..") ? "." : name);
  }
  return names;
}

}  // namespace sealift::release
