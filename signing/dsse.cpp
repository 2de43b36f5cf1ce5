// SPDX-License-Identifier: Apache-2.0
#include "signing/dsse.hpp"

#include "base/format.hpp"
#include "base/json.hpp"
#include "signing/base64.hpp"

namespace sealift::signing {

namespace {
constexpr std::size_t kMaxSignatures = 64;
constexpr std::size_t kMaxEnvelope = std::size_t{16} << 20;
}  // namespace

std::string pae(std::string_view type, std::string_view payload) {
  return format("DSSEv1 {} {} {} {}", type.size(), type, payload.size(), payload);
}

Envelope sign(std::string_view type, std::string_view payload, const Signer& signer) {
  std::string signature = signer.sign(pae(type, payload));
  return {.payload_type = std::string(type),
          .payload = std::string(payload),
          .signatures = {{.key_id = signer.key.id(), .bytes = std::move(signature)}}};
}

std::string to_text(const Envelope& envelope) {
  return to_canonical(to_json(envelope));
}

Json to_json(const Envelope& envelope) {
  Json signatures = Json::array();
  for (const Signature& signature : envelope.signatures) {
    Json value = {{"sig", to_base64(signature.bytes)}};
    if (!signature.key_id.empty()) value["keyid"] = signature.key_id;
    signatures.push_back(std::move(value));
  }
  return {{"payloadType", envelope.payload_type},
          {"payload", to_base64(envelope.payload)},
          {"signatures", std::move(signatures)}};
}

Envelope parse_envelope(std::string_view text, const std::string& where) {
  if (text.size() > kMaxEnvelope) {
    throw Error(Errc::corrupt, format("{}: found {} bytes, expected at most {}", where, text.size(),
                                      kMaxEnvelope));
  }
  return envelope_from_json(parse_json(text, where), where);
}

Envelope envelope_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  Envelope envelope{.payload_type = fields.text("payloadType"),
                    .payload = while_doing(fields.at("payload"),
                                           [&] { return from_base64(fields.text("payload")); }),
                    .signatures = {}};
  const Json& signatures = fields.array("signatures");
  if (signatures.empty() || signatures.size() > kMaxSignatures) {
    fields.refuse("signatures",
                  format("found {}, expected 1 to {}", signatures.size(), kMaxSignatures));
  }
  for (const Json& item : signatures) {
    Fields inner(item, format("{}[{}]", fields.at("signatures"), envelope.signatures.size()));
    envelope.signatures.push_back(
        {.key_id = inner.text_if("keyid").value_or(""),
         .bytes = while_doing(inner.at("sig"), [&] { return from_base64(inner.text("sig")); })});
    inner.done();
  }
  fields.done();
  return envelope;
}

}  // namespace sealift::signing
