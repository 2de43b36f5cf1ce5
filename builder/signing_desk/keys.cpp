// SPDX-License-Identifier: Apache-2.0
#include "builder/signing_desk/keys.hpp"

#include "base/file.hpp"
#include "signing/minisign_file.hpp"
#include "signing/secret_key.hpp"

namespace sealift::builder {

void add_passphrase_options(cli::Command& command, KeyOptions& options) {
  command
      .option("--passphrase-fd", options.passphrase_fd, "N",
              "read the key's passphrase from this file descriptor")
      .option("--passphrase-env", options.passphrase_environment, "NAME",
              "read the key's passphrase from this environment variable");
}

void add_signer_options(cli::Command& command, KeyOptions& options) {
  command.options("--key", options.files, "FILE", "sign with this secret key")
      .option("--signer-cmd", options.command, "COMMAND",
              "sign with a shell command (HSM, KMS): bytes in, raw signature out")
      .option("--signer-key", options.command_key, "PUB", "the public key of --signer-cmd");
  add_passphrase_options(command, options);
}

std::vector<signing::Signer> load_signers(const KeyOptions& options) {
  std::vector<signing::Signer> signers;
  for (const std::string& file : options.files) {
    std::string text = read_file(file, signing::kMaxKeyFile);
    signers.push_back(signing::signer_with(signing::SecretKey::parse(text, file, [&] {
      return signing::read_passphrase(options.passphrase(), file, signing::Purpose::open);
    })));
    signing::wipe(text);
  }
  if (options.command.empty() != options.command_key.empty()) {
    throw Error(Errc::usage, "found one of --signer-cmd and --signer-key, expected both");
  }
  if (!options.command.empty()) {
    signers.push_back(
        signing::command_signer(options.command, load_public_key(options.command_key)));
  }
  return signers;
}

std::vector<signing::Signer> need_signers(const KeyOptions& options) {
  std::vector<signing::Signer> signers = load_signers(options);
  if (signers.empty()) {
    throw Error(Errc::usage, "nobody is named who signs",
                "give --key FILE, or --signer-cmd COMMAND with --signer-key PUB");
  }
  return signers;
}

signing::PublicKey load_public_key(const std::string& file) {
  return signing::parse_public_key(read_file(file, signing::kMaxKeyFile), file);
}

std::string public_name(const std::string& secret_name) {
  const std::string stem =
      secret_name.ends_with(".key") ? secret_name.substr(0, secret_name.size() - 4) : secret_name;
  return stem + ".pub";
}

}  // namespace sealift::builder
