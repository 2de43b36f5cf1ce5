// SPDX-License-Identifier: Apache-2.0
#include "installer/driver/secret_command.hpp"

#include "base/text.hpp"
#include "installer/content/redaction.hpp"

namespace sealift::installer {

std::optional<Outcome> run_with_secrets(Command command, const std::vector<std::string>& keys,
                                        Content& content) {
  for (const std::string& key : keys) {
    command.environment.emplace_back(key, std::string(content.secret(key).view()));
  }
  std::optional<Outcome> outcome = run(command);
  Redaction redaction;
  for (auto& [key, value] : command.environment) {
    redaction.add_secret(key, value);
    if (outcome && value.size() < kShortestSecret) {
      for (std::string* text : {&outcome->output, &outcome->error_output}) {
        replace_all(*text, value, "***");
      }
    }
    signing::wipe(value);
  }
  if (outcome) {
    outcome->output = redaction.clean(std::move(outcome->output));
    outcome->error_output = redaction.clean(std::move(outcome->error_output));
  }
  return outcome;
}

}  // namespace sealift::installer
