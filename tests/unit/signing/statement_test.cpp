// SPDX-License-Identifier: Apache-2.0
#include "signing/statement.hpp"

#include "base/json.hpp"
#include "given.hpp"

namespace sealift::signing::statement_test {

namespace {

Statement some_statement() {
  return {.name = "chanuka",
          .release = Digest::of("release"),
          .version = "1.0.0",
          .environments = {"production", "staging"},
          .created = parse_time("2026-11-23T04:40:00Z"),
          .source_revision = "abc123",
          .summary = {"chanuka 1.0.0", "for production, staging"}};
}

}  // namespace

TEST_CASE("statement: is written in one form, which in-toto specifies") {
  CHECK(to_text(some_statement()) == R"({
  "_type": "https://in-toto.io/Statement/v1",
  "predicate": {
    "created": "2026-11-23T04:40:00Z",
    "environments": [
      "production",
      "staging"
    ],
    "name": "chanuka",
    "sourceRevision": "abc123",
    "summary": [
      "chanuka 1.0.0",
      "for production, staging"
    ],
    "version": "1.0.0"
  },
  "predicateType": "https://sealift.dev/release/v1",
  "subject": [
    {
      "digest": {
        "sha256": ")" + Digest::of("release").hex() +
                                         R"("
      },
      "name": "chanuka"
    }
  ]
}
)");
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
  const Json document = parse_json(good, "s");
  const auto edited = [&](const auto& edit) {
    Json value = document;
    edit(value);
    return to_pretty(value);
  };
  REQUIRE(edited([](Json&) {}) == good);
  for (const std::string& bad :
       {std::string(),
        std::string("{}"),
        std::string("[]"),
        good + "\n",
        " " + good,
        good + good,
        good.substr(0, good.size() - 1),
        to_canonical(document),
        replaced(good, "Statement/v1", "Statement/v0.1"),
        replaced(good, "release/v1", "release/v2"),
        replaced(good, hex, "00" + hex),
        replaced(good, hex, std::string(64, 'A')),
        replaced(good, "2026-11-23", "2026-11-31"),
        replaced(good, "T04", " 04"),
        replaced(good, "\"1.0.0\"", "1"),
        replaced(good, "abc123", "abc\\u003123"),
        edited([](Json& s) { s["_other"] = 1; }),
        edited([](Json& s) { s["subject"] = Json::array(); }),
        edited([](Json& s) { s["subject"].push_back(s["subject"][0]); }),
        edited([](Json& s) { s["subject"][0]["digest"] = Json::object(); }),
        edited([](Json& s) { s["subject"][0]["digest"]["sha512"] = "00"; }),
        edited([](Json& s) { s["subject"][0]["name"] = "chanukb"; }),
        edited([](Json& s) { s["predicate"]["a"] = 1; }),
        edited([](Json& s) { s["predicate"]["environments"] = {1}; }),
        edited([](Json& s) { s["predicate"]["sourceRevision"] = ""; }),
        edited([](Json& s) { s["predicate"].erase("summary"); }),
        edited([](Json& s) { s["predicate"]["summary"] = "text"; })}) {
    INFO(bad);
    const Error error = error_of([&] { parse_statement(bad, "statement"); });
    CHECK(error.code() == Errc::corrupt);
    CHECK(error.message().starts_with("statement"));
  }
}

}  // namespace sealift::signing::statement_test
