// SPDX-License-Identifier: Apache-2.0
#include "installer/monitoring/exposition.hpp"

#include <cmath>

#include "base/format.hpp"

namespace sealift::installer {

namespace {

// In quotes a backslash, a quote and a newline are escaped; in a line of help the quote is not.
std::string escaped(std::string_view text, bool (*is_quoted)(char)) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || is_quoted(c)) out += '\\';
    out += c;
  }
  return out;
}

std::string in_quotes(std::string_view text) {
  return escaped(text, [](char c) { return c == '"'; });
}

std::string in_help(std::string_view text) {
  return escaped(text, [](char) { return false; });
}

std::string labels_text(const Labels& labels) {
  if (labels.empty()) return "";
  std::string text;
  for (const auto& [name, value] : labels) {
    text += format("{}{}=\"{}\"", text.empty() ? "" : ",", name, in_quotes(value));
  }
  return format("{{{}}}", text);
}

}  // namespace

std::string number_text(double value) {
  return value == std::floor(value) && std::abs(value) < 1e15
             ? format("{}", static_cast<long long>(value))
             : format("{}", value);
}

std::string exposition(const std::vector<Family>& families) {
  std::string text;
  for (const Family& family : families) {
    if (family.samples.empty()) continue;
    text +=
        format("# HELP {} {}\n# TYPE {} gauge\n", family.name, in_help(family.help), family.name);
    for (const Sample& sample : family.samples) {
      text +=
          format("{}{} {}\n", family.name, labels_text(sample.labels), number_text(sample.value));
    }
  }
  return text;
}

}  // namespace sealift::installer
