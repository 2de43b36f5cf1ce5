// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who must have signed an image: the holder of a key, or somebody whose identity a certificate
// shows. Decides about one signature, with the certificate and log entry beside it.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "signing/log_entry.hpp"
#include "signing/upstream_key.hpp"

namespace sealift::signing {

struct UpstreamSignature {
  std::string_view message;  // the bytes that are signed
  std::string_view payload;  // what they mean: the same, or what an envelope holds
  std::string_view bytes;    // of the signature
};
struct Beside {
  std::string chain;              // certificates in PEM, the signer's first; empty: none
  std::optional<LogEntry> entry;  // of a transparency log
};

class UpstreamSigner {
 public:
  virtual ~UpstreamSigner() = default;
  // Why the signature does not count; empty: it does.
  virtual std::string objection(const UpstreamSignature& signature, const Beside& beside) const = 0;
  // "key sha256:HEX", or the identity.
  virtual std::string name() const = 0;
};

std::unique_ptr<UpstreamSigner> signer_with_key(UpstreamKey key);

struct UpstreamIdentity {
  std::string identity;
  std::string issuer;
  std::string roots;  // PEM
  UpstreamKey log;    // of the transparency log that says when it was signed
};
std::unique_ptr<UpstreamSigner> signer_with_identity(UpstreamIdentity identity);

}  // namespace sealift::signing
