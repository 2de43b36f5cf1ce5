// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where a command gets a passphrase: a file descriptor, an environment variable, else the terminal
// with its echo off. Never the command line, which every user of the machine can read.

#include <optional>
#include <string>

#include "signing/secret.hpp"

namespace sealift::signing {

// The first that is set counts.
struct PassphraseSource {
  std::optional<int> fd;
  std::string environment;  // the name of a variable; empty: none
};

enum class Purpose {
  open,    // asked once
  create,  // a terminal asks twice
};

// One line of at most 1024 bytes, without its newline. `what` names the key in the prompt.
// Throws Error{usage} where there is no source and no terminal, for a longer line, and for an empty
// one on creation; Error{interrupted} after a signal, with the terminal as it was before.
Secret read_passphrase(const PassphraseSource& source, const std::string& what, Purpose purpose);

// A line that is asked for on the terminal, twice and with its echo off: the value of a secret.
// Error{usage} where there is no terminal.
Secret read_hidden(const std::string& what);

}  // namespace sealift::signing
