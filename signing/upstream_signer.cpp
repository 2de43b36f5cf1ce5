// SPDX-License-Identifier: Apache-2.0
#include "signing/upstream_signer.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "signing/certificate.hpp"

namespace sealift::signing {

namespace {

class WithKey : public UpstreamSigner {
 public:
  explicit WithKey(UpstreamKey key) : key_(std::move(key)) {}
  std::string objection(const UpstreamSignature& signature, const Beside&) const override {
    if (key_.verifies(signature.message, signature.bytes)) return "";
    return "made by another key, or altered since";
  }
  std::string name() const override { return format("key {}", key_.fingerprint().str()); }

 private:
  UpstreamKey key_;
};

// The first certificate, as one text however it was wrapped.
std::string first_certificate(std::string_view pem) {
  constexpr std::string_view kCertificateEnd = "-----END CERTIFICATE-----";
  const std::size_t end = pem.find(kCertificateEnd);
  std::string first(end == pem.npos ? pem : pem.substr(0, end + kCertificateEnd.size()));
  std::erase_if(first, [](char c) { return c == '\n' || c == '\r'; });
  return first;
}

class WithIdentity : public UpstreamSigner {
 public:
  explicit WithIdentity(UpstreamIdentity wanted) : wanted_(std::move(wanted)) {}

  std::string objection(const UpstreamSignature& signature, const Beside& beside) const override {
    if (beside.chain.empty()) return "has no certificate, so nobody's identity";
    // A certificate of Fulcio is good for minutes; that it was good then, only the log can say.
    if (!beside.entry) return "has no promise of a transparency log that says when it was made";
    const LogEntry& entry = *beside.entry;
    if (!wanted_.log.verifies(entry.message, entry.promise)) {
      return "the promise of its log entry is by another key than rekor, or altered since";
    }
    if (!is_logged(signature, beside)) return "its log entry is about another signature";
    const SignerVerdict verdict = judge_signer({.chain = beside.chain,
                                                .roots = wanted_.roots,
                                                .identity = wanted_.identity,
                                                .issuer = wanted_.issuer,
                                                .at = entry.time});
    if (!verdict.mistake.empty()) return verdict.mistake;
    try {
      const UpstreamKey key = UpstreamKey::from_spki(verdict.spki);
      if (key.verifies(signature.message, signature.bytes)) return "";
    } catch (const Error& error) {
      return error.message();
    }
    return "made by another key than its certificate's, or altered since";
  }
  std::string name() const override {
    return printable(format("{} of {}", wanted_.identity, wanted_.issuer), 400);
  }

 private:
  static bool is_logged(const UpstreamSignature& signature, const Beside& beside) {
    try {
      const Logged logged = parse_logged(beside.entry->body);
      if (logged.payload != Digest::of(signature.payload)) return false;
      for (std::size_t i = 0; i < logged.signatures.size(); ++i) {
        if (logged.signatures[i] == signature.bytes &&
            first_certificate(logged.certificates[i]) == first_certificate(beside.chain)) {
          return true;
        }
      }
    } catch (const Error&) {
      // One that cannot be read is about nothing.
    }
    return false;
  }

  UpstreamIdentity wanted_;
};

}  // namespace

std::unique_ptr<UpstreamSigner> signer_with_key(UpstreamKey key) {
  return std::make_unique<WithKey>(std::move(key));
}

std::unique_ptr<UpstreamSigner> signer_with_identity(UpstreamIdentity identity) {
  return std::make_unique<WithIdentity>(std::move(identity));
}

}  // namespace sealift::signing
