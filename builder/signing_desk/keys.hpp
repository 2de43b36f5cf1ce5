// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the commands that sign share: whose keys, and how they are opened.

#include <optional>
#include <string>
#include <vector>

#include "cli/program.hpp"
#include "signing/passphrase.hpp"
#include "signing/public_key.hpp"
#include "signing/signer.hpp"

namespace sealift::builder {

// Several keys may sign at once; --signer-cmd and --signer-key go together.
struct KeyOptions {
  std::vector<std::string> files;  // secret keys
  std::string command;             // --signer-cmd
  std::string command_key;         // --signer-key
  std::optional<int> passphrase_fd;
  std::string passphrase_environment;

  signing::PassphraseSource passphrase() const {
    return {.fd = passphrase_fd, .environment = passphrase_environment};
  }
};

// Adds --passphrase-fd and --passphrase-env.
void add_passphrase_options(cli::Command& command, KeyOptions& options);
// Adds --key, --signer-cmd, --signer-key and those for passphrases.
void add_signer_options(cli::Command& command, KeyOptions& options);

// Everybody that the options name; asks for a passphrase where a key is encrypted.
std::vector<signing::Signer> load_signers(const KeyOptions& options);
// The same; Error{usage} where they name nobody.
std::vector<signing::Signer> need_signers(const KeyOptions& options);

signing::PublicKey load_public_key(const std::string& file);

// DEV.key -> DEV.pub, anything else gets ".pub" behind it.
std::string public_name(const std::string& secret_name);

}  // namespace sealift::builder
