// SPDX-License-Identifier: Apache-2.0
#include "builder/signing_desk/sigstore.hpp"

namespace sealift::builder {

namespace {
constexpr std::string_view kMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";

signing::Envelope envelope_from_sigstore(const Json& value, const std::string& where) {
  Fields fields(value, where);
  fields.constant("mediaType", kMediaType);
  fields.object("verificationMaterial");
  signing::Envelope envelope =
      signing::envelope_from_json(fields.object("dsseEnvelope"), fields.at("dsseEnvelope"));
  fields.done();
  return envelope;
}

}  // namespace

// The hint is the key's id: a verifier with several keys may look it up, and proves nothing by it.
std::string to_sigstore(const signing::Envelope& envelope) {
  return to_pretty({{"mediaType", kMediaType},
                    {"verificationMaterial",
                     {{"publicKey", {{"hint", envelope.signatures.front().key_id}}},
                      {"tlogEntries", Json::array()}}},
                    {"dsseEnvelope", to_json(envelope)}});
}

signing::Envelope read_envelope(const Json& value, const std::string& where) {
  const bool is_bundle = value.is_object() && value.contains("dsseEnvelope");
  return is_bundle ? envelope_from_sigstore(value, where)
                   : signing::envelope_from_json(value, where);
}

}  // namespace sealift::builder
