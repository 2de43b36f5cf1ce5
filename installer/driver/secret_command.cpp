// SPDX-License-Identifier: Apache-2.0
#include "installer/driver/secret_command.hpp"

namespace sealift::installer {

namespace {

void hide(std::string& text, const std::string& secret) {
  constexpr std::string_view kHidden = "***";
  for (std::size_t at = text.find(secret); at != text.npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), kHidden);
    at += kHidden.size();
  }
}

}  // namespace

std::optional<Outcome> run_with_secrets(Command command, const std::vector<std::string>& keys,
                                        Content& content) {
  for (const std::string& key : keys) {
    command.environment.emplace_back(key, std::string(content.secret(key).view()));
  }
  std::optional<Outcome> outcome = run(command);
  for (auto& [unused, value] : command.environment) {
    if (outcome) {
      hide(outcome->output, value);
      hide(outcome->error_output, value);
    }
    signing::wipe(value);
  }
  return outcome;
}

}  // namespace sealift::installer
