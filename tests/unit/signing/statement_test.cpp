// SPDX-License-Identifier: Apache-2.0
#include "signing/statement.hpp"

#include "given.hpp"

namespace sealift::signing {

namespace {

Statement some_statement() {
  return {.name = "chanuka",
          .release = Digest::of("release"),
          .version = "1.0.0",
          .environments = {"production", "staging"},
          .created = parse_time("2026-11-23T04:40:00Z"),
          .source_revision = "abc123"};
}

}  // namespace

TEST_CASE("statement: is written in one form, which in-toto specifies") {
  CHECK(to_text(some_statement()) ==
        "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicate\":{"
        "\"created\":\"2026-11-23T04:40:00Z\",\"environments\":[\"production\",\"staging\"],"
        "\"name\":\"chanuka\",\"sourceRevision\":\"abc123\",\"version\":\"1.0.0\"},"
        "\"predicateType\":\"https://sealift.dev/release/v1\",\"subject\":[{\"digest\":{\"sha256\":"
        "\"" +
            Digest::of("release").hex() + "\"},\"name\":\"chanuka\"}]}");
}

TEST_CASE("statement: comes back from its text, with and without a source revision") {
  Statement statement = some_statement();
  CHECK(parse_statement(to_text(statement), "s") == statement);
  statement.source_revision.clear();
  statement.environments.clear();
  CHECK(parse_statement(to_text(statement), "s") == statement);
}

TEST_CASE("statement: any other bytes are refused as corrupt, and the place is named") {
  const std::string good = to_text(some_statement());
  const std::string hex = Digest::of("release").hex();
  const std::string digest = "{\"sha256\":\"" + hex + "\"}";
  const std::string subject = "{\"digest\":" + digest + ",\"name\":\"chanuka\"}";
  for (const std::string& bad :
       {std::string(),
        std::string("{}"),
        std::string("[]"),
        good + "\n",
        " " + good,
        good + good,
        replaced(good, "Statement/v1", "Statement/v0.1"),
        replaced(good, "release/v1", "release/v2"),
        replaced(good, subject, ""),
        replaced(good, subject, subject + "," + subject),
        replaced(good, digest, "{}"),
        replaced(good, hex, "00" + hex),
        replaced(good, hex, std::string(64, 'A')),
        replaced(good, digest, "{\"sha256\":\"" + hex + "\",\"sha512\":\"00\"}"),
        replaced(good, digest, "{\"sha512\":\"" + hex + "\"}"),
        replaced(good, "{\"_type\"", "{\"_other\":1,\"_type\""),
        replaced(good, "{\"created\"", "{\"a\":1,\"created\""),
        replaced(good, "],\"name\":\"chanuka\"", "],\"name\":\"chanukb\""),
        replaced(good, "2026-11-23", "2026-11-31"),
        replaced(good, "T04", " 04"),
        replaced(good, "[\"production\"", "[1"),
        replaced(good, "\"1.0.0\"", "1"),
        replaced(good, "abc123", ""),
        replaced(good, "abc123", "abc\\u003123")}) {
    INFO(bad);
    const Error error = error_of([&] { parse_statement(bad, "statement"); });
    CHECK(error.code() == Errc::corrupt);
    CHECK(error.message().starts_with("statement"));
  }
}

}  // namespace sealift::signing
