// SPDX-License-Identifier: Apache-2.0
#include "signing/cosign.hpp"

#include <catch2/catch.hpp>

#include "base/file.hpp"
#include "base/format.hpp"
#include "signing/base64.hpp"
#include "signing/upstream_key.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"
#include "tests/unit/stock_tool.hpp"

namespace sealift::signing::cosign_test {

using tests::run_tool;
using tests::ScratchFolder;

namespace {

const std::string kImageHex(64, 'a');

std::string simple(const std::string& type, const std::string& more = "") {
  return format(
      R"({{"critical":{{"identity":{{"docker-reference":"a/b"}},"image":{{"docker-manifest-digest":)"
      R"("sha256:{}"}},"type":"{}"{}}},"optional":{{"creator":"x","weight":1.5}}}})",
      kImageHex, type, more);
}

std::string statement(const std::string& type) {
  return format(R"({{"_type":"{}","predicateType":"https://slsa.dev/provenance/v1","subject":)"
                R"([{{"name":"a","digest":{{"sha256":"{}"}}}},{{"digest":{{"sha512":"00"}}}}],)"
                R"("predicate":{{"x":0.5}}}})",
                type, kImageHex);
}

}  // namespace

TEST_CASE("cosign: a payload of simple signing names one image", "[signing]") {
  CHECK(parse_signed_image(simple("cosign container image signature")).hex() == kImageHex);
  for (const std::string& bad :
       {simple("atomic container signature"), std::string("{}"), std::string("[]"),
        simple("cosign container image signature", R"(,"expires":1)")}) {
    CAPTURE(bad);
    CHECK(tests::refusal_of([&] { parse_signed_image(bad); }) == Errc::untrusted);
  }
}

TEST_CASE("cosign: statements of both versions are read, and others refused", "[signing]") {
  for (const char* version : {"v1", "v0.1"}) {
    const Attested found =
        parse_attested(statement(format("https://in-toto.io/Statement/{}", version)));
    CHECK(found.predicate_type == "https://slsa.dev/provenance/v1");
    REQUIRE(found.subjects.size() == 1);
    CHECK(found.subjects[0].hex() == kImageHex);
  }
  CHECK(tests::refusal_of([] { parse_attested(statement("https://in-toto.io/Link/v1")); }) ==
        Errc::untrusted);
}

TEST_CASE("cosign: envelopes and bundles hold a statement or are refused", "[signing]") {
  const std::string envelope =
      R"({"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":)"
      R"([{"keyid":"","sig":"AAAA"}]})";
  CHECK(parse_attestation(envelope).payload == "{}");
  const std::string bundle = format(
      R"({{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":)"
      R"({{"publicKey":{{"hint":"k"}}}},"dsseEnvelope":{}}})",
      envelope);
  CHECK(parse_sigstore_bundle(bundle).envelope.payload == "{}");
  for (const std::string& bad :
       {std::string("{}"), std::string("null"),
        std::string(R"({"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json",)"
                    R"("messageSignature":{}})"),
        std::string(
            R"({"payloadType":"text/plain","payload":"e30=","signatures":[{"sig":""}]})")}) {
    CAPTURE(bad);
    CHECK(tests::refusal_of([&] { parse_attestation(bad); }) == Errc::untrusted);
    CHECK(tests::refusal_of([&] { parse_sigstore_bundle(bad); }) == Errc::untrusted);
  }
}

TEST_CASE("cosign: keys of every kind that cosign has verify what openssl signs", "[signing]") {
  if (!run_tool({"openssl", "version"})) return;
  const ScratchFolder scratch;
  const std::string folder = scratch.path().string();
  const auto openssl = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "openssl");
    const auto done = run_tool(words, folder);
    INFO(done->error_output);
    REQUIRE(done->status == 0);
  };
  write_file(scratch / "payload", "what is signed");
  const std::vector<std::pair<std::vector<std::string>, std::string>> kinds = {
      {{"EC", "-pkeyopt", "ec_paramgen_curve:P-256"}, "-sha256"},
      {{"EC", "-pkeyopt", "ec_paramgen_curve:P-384"}, "-sha256"},
      {{"EC", "-pkeyopt", "ec_paramgen_curve:P-384"}, "-sha384"},
      {{"EC", "-pkeyopt", "ec_paramgen_curve:P-521"}, "-sha512"},
      {{"RSA", "-pkeyopt", "rsa_keygen_bits:2048"}, "-sha256"},
      {{"ED25519"}, ""}};
  for (const auto& [kind, hash] : kinds) {
    CAPTURE(kind, hash);
    std::vector<std::string> make = {"genpkey", "-out", "key.pem", "-algorithm"};
    make.insert(make.end(), kind.begin(), kind.end());
    openssl(make);
    openssl({"pkey", "-in", "key.pem", "-pubout", "-out", "key.pub"});
    if (hash.empty()) {
      openssl({"pkeyutl", "-sign", "-rawin", "-inkey", "key.pem", "-in", "payload", "-out", "sig"});
    } else {
      openssl({"dgst", hash, "-sign", "key.pem", "-out", "sig", "payload"});
    }
    const UpstreamKey key = UpstreamKey::parse(read_file(scratch / "key.pub", 1 << 16), "key.pub");
    std::string signature = read_file(scratch / "sig", 1 << 16);
    CHECK(key.verifies("what is signed", signature));
    CHECK_FALSE(key.verifies("what is signed.", signature));
    CHECK_FALSE(key.verifies("what is signed", signature + std::string(1, '\0')));
    CHECK_FALSE(key.verifies("what is signed", ""));
    signature.back() = static_cast<char>(signature.back() ^ 1);
    CHECK_FALSE(key.verifies("what is signed", signature));
  }
}

TEST_CASE("cosign: a file that holds no public key is refused with what to give", "[signing]") {
  const auto refusal = [](const std::string& text) {
    try {
      UpstreamKey::parse(text, "cosign.pub");
    } catch (const Error& error) {
      CHECK(error.code() == Errc::invalid_input);
      return error.message() + " | " + error.hint();
    }
    return std::string("accepted");
  };
  using Catch::Contains;
  CHECK_THAT(refusal(""), Contains("cosign.pub: found something else"));
  CHECK_THAT(refusal("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"),
             Contains("a private key") && Contains("cosign.pub"));
  CHECK_THAT(refusal("-----BEGIN RSA PUBLIC KEY-----\n"), Contains("-RSAPublicKey_in"));
  CHECK_THAT(refusal("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
             Contains("no public key that can be read"));
  CHECK_THAT(refusal("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
             Contains("openssl x509"));
  CHECK_THAT(refusal(std::string(kMaxUpstreamKey + 1, 'x')), Contains("more than 65536 bytes"));
}

}  // namespace sealift::signing::cosign_test
