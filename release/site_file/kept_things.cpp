// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/kept_things.hpp"

#include "base/path.hpp"

namespace sealift::release {

std::string normalised(const std::string& path) {
  std::string text = fs::path(path).lexically_normal().string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

KeepRule read_rule(const Json& said, const std::array<const char*, 3>& keys,
                   std::optional<unsigned> usual) {
  const auto number = [&](const char* key) {
    return said.contains(key) ? std::optional(said.value(key, 0U)) : std::nullopt;
  };
  const std::optional<unsigned> count = number(keys[0]);
  return {.count = count ? count : usual, .days = number(keys[1]), .gib = number(keys[2])};
}

Exports read_exports(const Json& said) {
  return {.recovery = said["recovery"],
          .to = said.value("to", ""),
          .rule = read_rule(said, {"keep", "keep_days", "keep_gib"}, std::nullopt)};
}

BackupCopy read_copy(const Json& said) {
  return {.to = said.contains("to") ? normalised(said["to"]) : "",
          .rule = read_rule(said, {"keep", "keep_days", "keep_gib"}, std::nullopt),
          .command = said.value("command", std::vector<std::string>{}),
          .verify = said.value("verify", std::vector<std::string>{})};
}

}  // namespace sealift::release
