// SPDX-License-Identifier: Apache-2.0
#include "net/registry_answers.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/json.hpp"

namespace sealift::net {

std::vector<std::string> read_tags(std::string_view body, const std::string& where) {
  const Json answer = parse_json(body, where, Errc::io);
  std::vector<std::string> tags;
  for (const Json& tag : list_at(answer, "tags")) {
    if (tag.is_string()) tags.push_back(tag);
  }
  return tags;
}

std::string read_token(std::string_view body, const std::string& where) {
  const Json answer = parse_json(body, where, Errc::io);
  const std::string token = text_at(answer, "token");
  return token.empty() ? text_at(answer, "access_token") : token;
}

std::string read_complaint(std::string_view body) {
  try {
    const Json answer = parse_json(body, "answer");
    const Json& errors = list_at(answer, "errors");
    if (errors.empty()) return "";
    return format(": {} {}", text_at(errors.front(), "code"), text_at(errors.front(), "message"));
  } catch (const Error&) {
    return "";
  }
}

}  // namespace sealift::net
