// SPDX-License-Identifier: Apache-2.0
#include "builder/commands/keys.hpp"

#include "base/file.hpp"

namespace sealift::builder {

void add_passphrase_options(cli::Command& command, KeyOptions& options) {
  command
      .option("--passphrase-fd", options.passphrase_fd, "N",
              "read the key's passphrase from this file descriptor")
      .option("--passphrase-env", options.passphrase_environment, "NAME",
              "read the key's passphrase from this environment variable");
}

std::vector<signing::SecretKey> load_keys(const KeyOptions& options) {
  std::vector<signing::SecretKey> keys;
  for (const std::string& file : options.files) {
    std::string text = read_file(file, signing::kMaxKeyFile);
    keys.push_back(signing::SecretKey::parse(text, file, [&] {
      return signing::read_passphrase(options.passphrase(), file, signing::Purpose::open);
    }));
    signing::wipe(text);
  }
  return keys;
}

std::string public_name(const std::string& secret_name) {
  const std::string stem =
      secret_name.ends_with(".key") ? secret_name.substr(0, secret_name.size() - 4) : secret_name;
  return stem + ".pub";
}

}  // namespace sealift::builder
