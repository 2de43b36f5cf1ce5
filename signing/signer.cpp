// SPDX-License-Identifier: Apache-2.0
#include "signing/signer.hpp"

#include <chrono>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "signing/algorithms.hpp"

namespace sealift::signing {

namespace {

std::string run_command(const std::string& command, std::string_view message) {
  const auto outcome = run({.arguments = {"/bin/sh", "-c", command},
                            .folder = {},
                            .input = std::string(message),
                            .timeout = std::chrono::minutes(5)});
  if (!outcome || outcome->status != 0) {
    throw Error(
        Errc::io,
        format("the signer command ended with status {}: {}", outcome ? outcome->status : 127,
               outcome ? printable(outcome->error_output, 400) : "found no /bin/sh"),
        "run it by hand with the bytes to sign on its standard input");
  }
  return outcome->output;
}

}  // namespace

Signer command_signer(const std::string& command, const PublicKey& key) {
  return {.key = key, .sign = [command, key](std::string_view message) {
            std::string signature = run_command(command, message);
            if (key.verifies(message, signature)) return signature;
            // PKCS#11 modules print the two integers of P-256 without DER.
            if (key.algorithm() == Algorithm::ecdsa_p256 && signature.size() == 64) {
              const std::string_view both = signature;
              std::string der = p256_der(both.substr(0, 32), both.substr(32));
              if (key.verifies(message, der)) return der;
            }
            throw Error(Errc::untrusted,
                        format("the signer command printed {} bytes, which are no signature by the "
                               "key {}",
                               signature.size(), key.id()),
                        "it must print the raw signature of the bytes on its standard input, and "
                        "nothing else; --signer-key must name its public key");
          }};
}

}  // namespace sealift::signing
