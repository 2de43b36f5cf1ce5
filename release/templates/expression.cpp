// SPDX-License-Identifier: Apache-2.0
#include "release/templates/expression.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "release/text/schema.hpp"
#include "release/values/environment.hpp"
#include "release/values/target_values.hpp"
#include "release/values/value_names.hpp"

namespace sealift::release {

namespace {

const std::vector<std::string> kWhole = {
    "release.name", "release.version", "environment", ".", ".first", ".last"};

[[noreturn]] void refuse(const std::string& found, const std::string& hint = {}) {
  throw Error(Errc::invalid_input, found, hint);
}

// "PREFIX.NAME", and with an end "tls.NAME.certificate", "target.NAME.path".
bool is_dotted_name(std::string_view name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view family = name.substr(0, dot);
  std::string_view rest = name.substr(dot + 1);
  // A digit may come first here: image names have them.
  if (family == "image") return is_value_name(format("_{}", rest));
  if (family == "integrity" || family == "serve") return is_plain_name(rest);
  if (family == "target") return !target_name(name).empty();
  if (family != "tls") return false;
  for (const std::string_view end : {".certificate", ".key"}) {
    if (rest.ends_with(end)) return is_plain_name(rest.substr(0, rest.size() - end.size()));
  }
  return false;
}

void check_spelling(std::string_view name) {
  if (is_value_name(name) || is_dotted_name(name) ||
      std::find(kWhole.begin(), kWhole.end(), name) != kWhole.end()) {
    return;
  }
  refuse(format("found \"{}\", expected the name of a value", printable(name, 80)),
         "names are letters, digits and _, or release.name, release.version, environment");
}

void check_filter(const Filter& filter, bool has_argument) {
  const std::vector<std::string>& known = filter_names();
  if (std::find(known.begin(), known.end(), filter.name) == known.end()) {
    const std::string near = nearest(filter.name, known);
    refuse(format("found the filter \"{}\", expected one of {}", printable(filter.name, 80),
                  joined(known)),
           near.empty() ? "" : format("did you mean \"{}\"?", near));
  }
  const bool takes_one = filter.name == "join";
  if (takes_one != has_argument) {
    refuse(format("found {} text behind the filter {}, expected {}", has_argument ? "a" : "no",
                  filter.name, takes_one ? "one, such as join \",\"" : "none"));
  }
}

Filter take_filter(std::string_view& rest) {
  rest = without_blanks(rest);
  const std::size_t end = std::min(rest.find_first_of(" \t\r\n|\""), rest.size());
  Filter filter{.name = std::string(rest.substr(0, end)), .argument = {}};
  rest = without_blanks(rest.substr(end));
  const bool has_argument = rest.starts_with('"');
  check_filter(filter, has_argument);
  if (has_argument) filter.argument = take_quoted(rest);
  rest = without_blanks(rest);
  return filter;
}

}  // namespace

bool Expression::asks_if_set() const {
  return !filters.empty() && (filters.front().name == "set" || filters.front().name == "given");
}

Expression parse_expression(std::string_view text) {
  const std::size_t bar = std::min(text.find('|'), text.size());
  Expression expression{.name = std::string(without_blanks(text.substr(0, bar))), .filters = {}};
  check_spelling(expression.name);
  std::string_view rest = text.substr(bar);
  while (!rest.empty()) {
    if (!rest.starts_with('|')) {
      refuse(format("found \"{}\" behind a filter, expected | and another, or the end",
                    printable(rest, 80)));
    }
    if (expression.filters.size() == kMaxFilters) {
      refuse(format("found more than {} filters, expected at most that", kMaxFilters));
    }
    rest.remove_prefix(1);
    expression.filters.push_back(take_filter(rest));
  }
  return expression;
}

std::string take_quoted(std::string_view& text) {
  std::size_t end = 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  if (end >= text.size()) refuse("found a text without its closing quote");
  const std::string_view quoted = text.substr(0, end + 1);
  text.remove_prefix(quoted.size());
  return parse_json(quoted, "the text in quotes", Errc::invalid_input).get<std::string>();
}

std::string_view without_blanks(std::string_view text) {
  return trimmed(text, " \t\r\n");
}

}  // namespace sealift::release
