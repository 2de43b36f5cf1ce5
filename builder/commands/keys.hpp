// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the commands that take secret keys share.

#include <optional>
#include <string>
#include <vector>

#include "cli/program.hpp"
#include "signing/keys.hpp"
#include "signing/passphrase.hpp"

namespace sealift::builder {

struct KeyOptions {
  std::vector<std::string> files;
  std::optional<int> passphrase_fd;
  std::string passphrase_environment;

  signing::PassphraseSource passphrase() const {
    return {.fd = passphrase_fd, .environment = passphrase_environment};
  }
};

// Adds --passphrase-fd and --passphrase-env.
void add_passphrase_options(cli::Command& command, KeyOptions& options);

// The keys of all the files; asks for a passphrase where a key is encrypted.
std::vector<signing::SecretKey> load_keys(const KeyOptions& options);

// DEV.key -> DEV.pub, anything else gets ".pub" behind it.
std::string public_name(const std::string& secret_name);

}  // namespace sealift::builder
