// SPDX-License-Identifier: Apache-2.0
#include "signing/dsse.hpp"

#include "base/json.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/signing/test_keys.hpp"

namespace sealift::signing {

using tests::refusal_of;

namespace {

std::optional<Errc> refused(const std::string& text) {
  return refusal_of([&] { parse_envelope(text, "e.json"); });
}

}  // namespace

TEST_CASE("dsse: the pre-authentication encoding of the specification's example") {
  CHECK(pae("http://example.com/HelloWorld", "hello world") ==
        "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  CHECK(pae("", "") == "DSSEv1 0  0 ");
}

TEST_CASE("dsse: lengths are of bytes and keep type and payload apart") {
  CHECK(pae("t", "\xc3\xa9") == "DSSEv1 1 t 2 \xc3\xa9");
  CHECK(pae("a b", "c") != pae("a", "b c"));
  CHECK(pae("t", std::string("a\0b", 3)).size() == std::string("DSSEv1 1 t 3 ").size() + 3);
}

TEST_CASE("dsse: an envelope comes back, and its signature covers type and payload") {
  const SecretKey key = SecretKey::generate();
  const Envelope made = sign(kStatementType, "{\"a\":1}", key);
  const Envelope read = parse_envelope(to_text(made), "e.json");
  CHECK(read.payload_type == kStatementType);
  CHECK(read.payload == "{\"a\":1}");
  REQUIRE(read.signatures.size() == 1);
  CHECK(read.signatures[0].key_id == key.public_key().id());
  const std::string& signature = read.signatures[0].bytes;
  CHECK(key.public_key().verifies(pae(read.payload_type, read.payload), signature));
  CHECK_FALSE(key.public_key().verifies(pae(read.payload_type, "{\"a\": 1}"), signature));
  CHECK_FALSE(key.public_key().verifies(pae("text/plain", read.payload), signature));
  CHECK_FALSE(key.public_key().verifies(read.payload, signature));
}

TEST_CASE("dsse: an envelope with a missing, unknown or broken field is refused") {
  const std::string signatures = R"("signatures":[{"keyid":"x","sig":"Zg=="}])";
  CHECK_FALSE(refused(R"({"payload":"Zg==","payloadType":"t",)" + signatures + "}"));
  for (const std::string& bad :
       {std::string(), std::string("{}"), std::string("[]"),
        R"({"payloadType":"t",)" + signatures + "}", R"({"payload":"Zg==",)" + signatures + "}",
        std::string(R"({"payload":"Zg==","payloadType":"t"})"),
        std::string(R"({"payload":"Zg==","payloadType":"t","signatures":[]})"),
        std::string(R"({"payload":"Zg==","payloadType":"t","signatures":[{"keyid":"x"}]})"),
        std::string(R"({"payload":"Zg==","payloadType":"t","signatures":[{"sig":1}]})"),
        std::string(
            R"({"payload":"Zg==","payloadType":"t","signatures":[{"sig":"Zg==","cert":""}]})"),
        R"({"payload":"Zg==","payloadType":"t","extra":1,)" + signatures + "}",
        R"({"payload":"Zg==","payload":"Zg==","payloadType":"t",)" + signatures + "}",
        R"({"payload":"Zg==","payloadType":"t",)" + signatures + "}x"}) {
    CAPTURE(bad);
    CHECK(refused(bad) == Errc::corrupt);
  }
}

TEST_CASE("dsse: base64 that has another spelling is refused") {
  const std::string good = to_text(sign("t", "payload", SecretKey::generate()));
  const Json value = parse_json(good, "e.json");
  for (const char* payload : {"cGF5bG9hZB==", "cGF5bG9hZA", "cGF5bG9h\\nZA==", "cGF5bG9hZA==="}) {
    std::string bad = good;
    const std::string canonical = value["payload"];
    bad.replace(bad.find(canonical), canonical.size(), payload);
    CAPTURE(bad);
    CHECK(refused(bad) == Errc::corrupt);
  }
}

TEST_CASE("dsse: more than 64 signatures are refused") {
  Envelope envelope{.payload_type = "t", .payload = "p", .signatures = {}};
  envelope.signatures.assign(64, {.key_id = "", .bytes = "s"});
  CHECK_FALSE(refused(to_text(envelope)));
  envelope.signatures.assign(65, {.key_id = "", .bytes = "s"});
  CHECK(refused(to_text(envelope)) == Errc::corrupt);
}

}  // namespace sealift::signing
