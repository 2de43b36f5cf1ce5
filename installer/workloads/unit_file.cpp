// SPDX-License-Identifier: Apache-2.0
#include "installer/workloads/unit_file.hpp"

#include <algorithm>

#include "base/file.hpp"

namespace sealift::installer {

namespace {

constexpr std::string_view kSpace = " \t\r";
// What ends a path in a value; a colon, because BindPaths= has pairs.
constexpr std::string_view kEndOfPath = " \t\r\n\"';,:";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

}  // namespace

UnitFile UnitFile::parse(std::string_view text) {
  UnitFile unit;
  std::string_view section;
  bool is_continued = false;
  while (!text.empty()) {
    const std::string_view line = trimmed(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    const bool is_comment = line.starts_with('#') || line.starts_with(';');
    if (is_comment) continue;
    const bool belongs_to_last = is_continued;
    is_continued = line.ends_with('\\');
    if (belongs_to_last) continue;
    if (line.starts_with('[') && line.ends_with(']')) {
      section = line.substr(1, line.size() - 2);
    } else if (const std::size_t equals = line.find('='); equals != line.npos) {
      const std::string_view key = trimmed(line.substr(0, equals));
      const std::string_view value = trimmed(line.substr(equals + 1));
      const bool is_wish = key == "WantedBy" || key == "RequiredBy" || key == "Alias";
      if (section == "Install" && is_wish && !value.empty())
        unit.install += std::string(line) + "\n";
      if (section == "Service" && key == "Type") {
        unit.is_job = value == "oneshot";
      }
    }
  }
  return unit;
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

}  // namespace sealift::installer
