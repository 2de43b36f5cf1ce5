// SPDX-License-Identifier: Apache-2.0
#include "signing/dsse.hpp"

#include "base/json.hpp"
#include "given.hpp"
#include "signing/base64.hpp"

namespace sealift::signing::dsse_test {

namespace {

std::string some_text() {
  return to_text(sign(kStatementType, "{}", given_signer(1)));
}

}  // namespace

TEST_CASE("dsse: the pre-authentication encoding of the specification's example") {
  CHECK(pae("http://example.com/HelloWorld", "hello world") ==
        "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  CHECK(pae("", "") == "DSSEv1 0  0 ");
}

TEST_CASE("dsse: lengths count bytes, whatever they are") {
  CHECK(pae("t", "\xc3\xa4") == "DSSEv1 1 t 2 \xc3\xa4");
  CHECK(pae("t", std::string_view("a\0b", 3)) == std::string("DSSEv1 1 t 3 a\0b", 16));
}

TEST_CASE("dsse: a signature covers the payload and its type") {
  const SecretKey key = given_key(1);
  const Envelope envelope = sign("a/type", "payload", given_signer(1));
  REQUIRE(envelope.signatures.size() == 1);
  const std::string& signature = envelope.signatures[0].bytes;
  CHECK(envelope.signatures[0].key_id == key.public_key().id());
  CHECK(key.public_key().verifies(pae("a/type", "payload"), signature));
  CHECK_FALSE(key.public_key().verifies(pae("a/typf", "payload"), signature));
  CHECK_FALSE(key.public_key().verifies(pae("a/type", "payloae"), signature));
  CHECK_FALSE(key.public_key().verifies("payload", signature));
}

TEST_CASE("dsse: an envelope comes back from its text") {
  Envelope envelope = sign(kStatementType, std::string_view("any\0bytes\xff", 10), given_signer(1));
  envelope.signatures.push_back({.key_id = "", .bytes = "short"});
  const std::string text = to_text(envelope);
  const Envelope again = parse_envelope(text, "approval");
  CHECK(again.payload_type == envelope.payload_type);
  CHECK(again.payload == envelope.payload);
  REQUIRE(again.signatures.size() == 2);
  CHECK(again.signatures[0].bytes == envelope.signatures[0].bytes);
  CHECK(again.signatures[1].key_id.empty());
  CHECK(to_text(again) == text);
}

TEST_CASE("dsse: an envelope in any other form is refused") {
  const std::string good = some_text();
  REQUIRE_NOTHROW(parse_envelope(good, "a"));
  for (const std::string& bad :
       {std::string(), std::string("[]"), std::string("null"), good + "{}", good + "x",
        good.substr(0, good.size() - 1), replaced(good, "\"payload\"", "\"paylaod\""),
        replaced(good, "{\"payload\"", "{\"extra\":1,\"payload\""),
        replaced(good, "{\"keyid\"", "{\"extra\":1,\"keyid\""),
        replaced(good, "{\"payload\"", "{\"payload\":\"\",\"payload\""),
        replaced(good, "\"e30=\"", "\"e30\""), replaced(good, "\"e30=\"", "\"e31=\""),
        replaced(good, "\"e30=\"", "\"e30=\\n\""), replaced(good, "\"e30=\"", "123"),
        replaced(good, "==\"}", "\"}"), replaced(good, "\"sig\"", "\"sgi\"")}) {
    INFO(bad);
    const Error error = error_of([&] { parse_envelope(bad, "approval[3]"); });
    CHECK(error.code() == Errc::corrupt);
    CHECK(error.message().starts_with("approval[3]"));
  }
}

TEST_CASE("dsse: URL-safe base64 is refused") {
  Envelope envelope = sign(kStatementType, "\xfb\xff\xfe", given_signer(1));
  const std::string text = replaced(to_text(envelope), "\"+//+\"", "\"-__-\"");
  CHECK(error_of([&] { parse_envelope(text, "a"); }).code() == Errc::corrupt);
}

TEST_CASE("dsse: an envelope carries 1 to 64 signatures") {
  Envelope envelope = sign(kStatementType, "{}", given_signer(1));
  envelope.signatures.resize(64, envelope.signatures[0]);
  CHECK(parse_envelope(to_text(envelope), "a").signatures.size() == 64);
  envelope.signatures.push_back(envelope.signatures[0]);
  CHECK(error_of([&] { parse_envelope(to_text(envelope), "a"); }).code() == Errc::corrupt);
  envelope.signatures.clear();
  CHECK(error_of([&] { parse_envelope(to_text(envelope), "a"); }).code() == Errc::corrupt);
}

TEST_CASE("dsse: an envelope of more than 16 MiB is refused before it is parsed") {
  const std::string text = some_text();
  const std::size_t limit = std::size_t{16} << 20;
  const std::string space(limit - text.size(), ' ');
  CHECK_NOTHROW(parse_envelope(text + space, "a"));
  const Error error = error_of([&] { parse_envelope(text + space + " ", "a"); });
  CHECK(error.code() == Errc::corrupt);
  CHECK(error.message() == "a: found 16777217 bytes, expected at most 16777216");
}

}  // namespace sealift::signing::dsse_test
