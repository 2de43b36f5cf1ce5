// SPDX-License-Identifier: Apache-2.0
#include "net/challenge.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sealift::net {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == ',')) text.remove_prefix(1);
  return text;
}

// A value in quotes, or up to the next comma; `rest` is what follows.
std::string take_value(std::string_view& rest) {
  std::string value;
  if (!rest.starts_with('"')) {
    const std::size_t end = std::min(rest.find_first_of(", "), rest.size());
    value = rest.substr(0, end);
    rest.remove_prefix(end);
    return value;
  }
  std::size_t at = 1;
  for (; at < rest.size() && rest[at] != '"'; ++at) {
    if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
    value += rest[at];
  }
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return value;
}

}  // namespace

Challenge Challenge::parse(std::string_view header) {
  Challenge challenge;
  std::string_view rest = trimmed(header);
  const std::size_t blank = std::min(rest.find(' '), rest.size());
  challenge.scheme = lower(rest.substr(0, blank));
  rest.remove_prefix(blank);
  while (!(rest = trimmed(rest)).empty()) {
    const std::size_t equals = rest.find('=');
    const std::size_t next = rest.find_first_of(" ,");
    if (equals == rest.npos || next < equals) break;  // another challenge begins
    const std::string name = lower(rest.substr(0, equals));
    rest.remove_prefix(equals + 1);
    challenge.parameters[name] = take_value(rest);
  }
  return challenge;
}

}  // namespace sealift::net
