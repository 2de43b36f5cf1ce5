// SPDX-License-Identifier: Apache-2.0
#include "installer/driver/secret_command.hpp"

#include "base/text.hpp"

namespace sealift::installer {

std::optional<Outcome> run_with_secrets(Command command, const std::vector<std::string>& keys,
                                        Content& content) {
  for (const std::string& key : keys) {
    command.environment.emplace_back(key, std::string(content.secret(key).view()));
  }
  std::optional<Outcome> outcome = run(command);
  constexpr std::string_view kHidden = "***";
  for (auto& [unused, value] : command.environment) {
    if (outcome) {
      replace_all(outcome->output, value, kHidden);
      replace_all(outcome->error_output, value, kHidden);
    }
    signing::wipe(value);
  }
  return outcome;
}

}  // namespace sealift::installer
