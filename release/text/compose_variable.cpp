// SPDX-License-Identifier: Apache-2.0
#include "release/text/compose_variable.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace sealift::release {

std::string_view compose_variable_name(std::string_view text) {
  const auto begins = [](char c) { return is_letter(c) || c == '_'; };
  if (text.empty() || !begins(text.front())) return {};
  const auto end =
      std::find_if_not(text.begin(), text.end(), [&](char c) { return begins(c) || is_digit(c); });
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

std::size_t closing_brace(std::string_view text) {
  std::size_t open = 1;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.substr(at).starts_with("${")) ++open;
    if (text[at] == '}' && --open == 0) return at;
  }
  return std::string_view::npos;
}

ComposeVariable ComposeVariable::read(std::string_view inside) {
  ComposeVariable variable{.name = compose_variable_name(inside)};
  std::string_view rest = inside.substr(variable.name.size());
  if (rest.empty()) return variable;
  variable.asks_for_text = rest.starts_with(':');
  if (variable.asks_for_text) rest.remove_prefix(1);
  if (rest.empty() || std::string_view("-?+").find(rest.front()) == std::string_view::npos) {
    return {};
  }
  variable.sign = rest.front();
  variable.word = rest.substr(1);
  return variable;
}

}  // namespace sealift::release
