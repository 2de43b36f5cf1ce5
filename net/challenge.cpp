// SPDX-License-Identifier: Apache-2.0
#include "net/challenge.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sealift::net {

namespace {

constexpr std::string_view kBlanks = " \t";

// To the end where nothing else follows.
void skip(std::string_view& rest, std::string_view characters) {
  rest.remove_prefix(std::min(rest.find_first_not_of(characters), rest.size()));
}

// A value in quotes, or up to the next comma; `rest` is what follows. A backslash takes the next
// character as it is (RFC 9110, 5.6.4).
std::string take_value(std::string_view& rest) {
  std::string value;
  if (!rest.starts_with('"')) {
    const std::size_t end = std::min(rest.find_first_of(", \t"), rest.size());
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

// A scheme is followed by parameters, or by one word of base64 (RFC 9110, 11.4), which may end in
// '=' and is no parameter.
std::vector<Challenge> Challenge::parse(std::string_view header) {
  std::vector<Challenge> challenges;
  bool may_be_token = false;  // right behind a scheme
  std::string_view rest = header;
  while (true) {
    const std::size_t before = rest.size();
    skip(rest, " \t,");
    if (rest.empty()) return challenges;
    const std::string_view between = header.substr(header.size() - before, before - rest.size());
    if (between.find(',') != between.npos) may_be_token = false;
    const std::string_view word = rest.substr(0, rest.find_first_of(" \t,="));
    rest.remove_prefix(word.size());
    std::string_view behind = rest;
    skip(behind, kBlanks);
    const bool has_equals = behind.starts_with('=');
    if (has_equals) skip(behind, "=");
    if (has_equals && !behind.empty() && behind.front() != ',' && !word.empty()) {
      skip(behind, kBlanks);
      const std::string value = take_value(behind);
      if (!challenges.empty()) challenges.back().parameters.emplace(lower(word), value);
      rest = behind;
      may_be_token = false;
    } else if (has_equals || may_be_token) {
      rest = has_equals ? behind : rest;
      may_be_token = false;
    } else {
      challenges.push_back({.scheme = lower(word), .parameters = {}});
      may_be_token = true;
    }
  }
}

}  // namespace sealift::net
