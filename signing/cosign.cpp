// SPDX-License-Identifier: Apache-2.0
#include "signing/cosign.hpp"

#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"
#include "signing/base64.hpp"
#include "signing/certificate.hpp"
#include "signing/foreign.hpp"

namespace sealift::signing {

namespace {

constexpr std::string_view kSimpleSigningType = "cosign container image signature";
constexpr std::size_t kMaxPredicateType = 400;
constexpr std::size_t kMaxSubjects = 1024;
constexpr std::string_view kBundleType = "application/vnd.dev.sigstore.bundle";

// Whatever is wrong with a document of others makes it one that proves nothing.
template <typename Work>
auto untrusted(Work&& work) -> decltype(work()) {
  return blame(Errc::untrusted, "payload", std::forward<Work>(work));
}

Envelope statement_in(const Json& value, const std::string& where) {
  Envelope envelope = envelope_from_json(value, where);
  if (envelope.payload_type == kStatementType) return envelope;
  throw Error(Errc::corrupt, format("{}: payloadType: found \"{}\", expected {}", where,
                                    printable(envelope.payload_type, 80), kStatementType));
}

std::string pem_from_json(const Json& certificate) {
  return format("-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n",
                to_base64_lines(from_base64(text_at(certificate, "rawBytes")), 64));
}

// What a bundle brings along to verify its signature with: a certificate, or a hint of a key.
Beside beside_from_json(const Json& material) {
  Fields fields(material, "verificationMaterial");
  Beside beside{.chain = {}, .entry = {}};
  if (const Json* certificate = fields.value_if("certificate")) {
    beside.chain = pem_from_json(*certificate);
  } else if (const Json* certificates = fields.value_if("x509CertificateChain")) {
    const Json& chain = member(*certificates, "certificates");
    if (!chain.is_array() || chain.size() > kMaxCertificates) {
      throw Error(Errc::corrupt, format("certificates: expected at most {}", kMaxCertificates));
    }
    for (const Json& each : chain) beside.chain += pem_from_json(each);
  }
  const Json& entries = list_at(material, "tlogEntries");
  if (!beside.chain.empty() && !entries.empty()) {
    beside.entry = log_entry_of_bundle(entries.front());
  }
  return beside;
}

}  // namespace

Digest parse_signed_image(std::string_view payload) {
  return untrusted([&] {
    const Json value = parse_json(payload, "simple signing", Errc::corrupt, Numbers::any);
    Fields fields(value, "simple signing");
    if (const Json* optional = fields.value_if("optional");
        optional != nullptr && !optional->is_object() && !optional->is_null()) {
      fields.refuse("optional", "expected an object");
    }
    // As the name says: a reader that does not understand a part of `critical` must refuse.
    Fields critical(fields.object("critical"), fields.at("critical"));
    critical.constant("type", kSimpleSigningType);
    Fields image(critical.object("image"), critical.at("image"));
    Fields identity(critical.object("identity"), critical.at("identity"));
    identity.text("docker-reference");
    identity.done();
    critical.done();
    fields.done();
    const Digest digest = image.digest("docker-manifest-digest");
    image.done();
    return digest;
  });
}

Attested parse_attested(std::string_view payload) {
  return untrusted([&] {
    const Json value = parse_json(payload, "statement", Errc::corrupt, Numbers::any);
    Fields fields(value, "statement");
    const std::string type = fields.text("_type");
    if (type != "https://in-toto.io/Statement/v1" && type != "https://in-toto.io/Statement/v0.1") {
      fields.refuse("_type", format("found \"{}\", expected an in-toto Statement of v1 or v0.1",
                                    printable(type, 80)));
    }
    Attested attested{.predicate_type = fields.text("predicateType"), .subjects = {}};
    if (attested.predicate_type.find('/') == std::string::npos ||
        attested.predicate_type.size() > kMaxPredicateType) {
      fields.refuse("predicateType",
                    format("found \"{}\", expected a URI of at most {} bytes",
                           printable(attested.predicate_type, 80), kMaxPredicateType));
    }
    const Json& subjects = fields.array("subject");
    if (subjects.size() > kMaxSubjects) {
      fields.refuse("subject",
                    format("found {}, expected at most {}", subjects.size(), kMaxSubjects));
    }
    for (const Json& subject : subjects) {
      if (!subject.is_object()) fields.refuse("subject", "expected objects");
      const auto digests = subject.find("digest");
      if (digests == subject.end() || !digests->is_object()) {
        fields.refuse("subject", "expected a digest in each");
      }
      const std::string hex = text_at(*digests, "sha256");
      if (hex.empty()) continue;
      attested.subjects.push_back(
          while_doing(fields.at("subject"), [&] { return Digest::from_hex(hex); }));
    }
    return attested;
  });
}

Envelope parse_attestation(std::string_view text) {
  return untrusted([&] { return statement_in(parse_json(text, "attestation"), "attestation"); });
}

SigstoreBundle parse_sigstore_bundle(std::string_view text) {
  return untrusted([&] {
    const Json value = parse_json(text, "Sigstore bundle", Errc::corrupt, Numbers::any);
    if (!value.is_object()) throw Error(Errc::corrupt, "Sigstore bundle: found no object");
    if (const std::string type = text_at(value, "mediaType"); !type.starts_with(kBundleType)) {
      throw Error(Errc::corrupt, format("Sigstore bundle: mediaType: found \"{}\", expected {}...",
                                        printable(type, 80), kBundleType));
    }
    if (value.contains("messageSignature")) {
      throw Error(Errc::corrupt,
                  "Sigstore bundle: found a signature of a file, expected a dsseEnvelope");
    }
    return SigstoreBundle{
        .envelope = statement_in(member(value, "dsseEnvelope"), "Sigstore bundle: dsseEnvelope"),
        .beside = beside_from_json(member(value, "verificationMaterial"))};
  });
}

}  // namespace sealift::signing
