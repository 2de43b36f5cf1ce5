// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whoever can sign: a secret key of ours, or a command that speaks to an HSM or a KMS.

#include <functional>
#include <string>
#include <string_view>

#include "signing/public_key.hpp"

namespace sealift::signing {

// The key is known without asking: it says whether a signature is needed at all.
struct Signer {
  PublicKey key;
  // A signature that `key` verifies.
  std::function<std::string(std::string_view message)> sign;
};

// Runs `command` in /bin/sh: the message on its standard input, the signature on its standard
// output, raw: 64 bytes, or DER for P-256. What it prints is verified with `key` before it is used;
// Error{untrusted} where it does not verify, Error{io} where the command fails or takes more than
// five minutes (a person may have to touch a token).
Signer command_signer(const std::string& command, const PublicKey& key);

}  // namespace sealift::signing
