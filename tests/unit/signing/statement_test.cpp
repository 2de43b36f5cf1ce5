// SPDX-License-Identifier: Apache-2.0
#include "signing/statement.hpp"

#include <catch2/catch.hpp>

#include "base/json.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::signing {

namespace {

Statement sample() {
  return {.name = "chanuka",
          .release = Digest::of("release"),
          .version = "1.0.0",
          .environments = {"development", "production"},
          .created = parse_time("2026-01-01T00:00:00Z"),
          .source_revision = "abc"};
}

}  // namespace

TEST_CASE("statement: an in-toto statement about one release, which comes back") {
  const std::string text = to_text(sample());
  CHECK(parse_statement(text, "s.json") == sample());
  const Json value = parse_json(text, "s.json");
  CHECK(value["_type"] == "https://in-toto.io/Statement/v1");
  CHECK(value["subject"][0]["digest"]["sha256"] == sample().release.hex());
  Statement without = sample();
  without.source_revision.clear();
  CHECK(parse_statement(to_text(without), "s.json") == without);
}

TEST_CASE("statement: any other spelling or form is refused as corrupt") {
  const std::string good = to_text(sample());
  const auto with = [&](const char* pointer, const Json& value) {
    Json changed = parse_json(good, "s.json");
    changed[Json::json_pointer(pointer)] = value;
    return to_canonical(changed);
  };
  for (const std::string& bad :
       {good + "\n", " " + good, to_pretty(parse_json(good, "s.json")), std::string("{}"),
        with("/extra", 1), with("/predicate/extra", 1), with("/subject/0/extra", 1),
        with("/subject/1", parse_json(good, "s.json")["subject"][0]),
        with("/subject", Json::array()), with("/subject/0/digest/sha256", "00"),
        with("/subject/0/digest/sha512", "00"), with("/_type", "https://in-toto.io/Statement/v0.1"),
        with("/predicateType", "other"), with("/predicate/created", "yesterday"),
        with("/predicate/version", 1), with("/predicate/environments", "production"),
        with("/predicate/sourceRevision", "")}) {
    CAPTURE(bad);
    CHECK(tests::refusal_of([&] { parse_statement(bad, "s.json"); }) == Errc::corrupt);
  }
}

}  // namespace sealift::signing
