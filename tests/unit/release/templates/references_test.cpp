// SPDX-License-Identifier: Apache-2.0
#include "release/templates/references.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::release::references_test {

using tests::error_of;
using tests::messages;

namespace {

std::string refused(const Values& values) {
  const auto error = error_of([&] { resolve(values); });
  if (error) CHECK(error->code() == Errc::invalid_input);
  return messages(error);
}

}  // namespace

TEST_CASE("references: a text stands with what it refers to, wherever it is") {
  const Values values = {{"API", "https://{{HOST}}:{{PORT}}/api"},
                         {"DOCS", "{{API}}/docs"},
                         {"HOST", "a.example"},
                         {"PORT", 8443},
                         {"LIST", Json::array({{{"url", "{{DOCS}}"}, {"weight", 1}}})}};
  const Values resolved = resolve(values);
  CHECK(resolved.at("API") == "https://a.example:8443/api");
  CHECK(resolved.at("LIST")[0]["url"] == "https://a.example:8443/api/docs");
  CHECK(resolved.at("PORT") == 8443);
  CHECK(resolve(resolved) == resolved);
}

TEST_CASE("references: filters and literal braces work, sections do not") {
  CHECK(resolve({{"A", "{{B | json}}"}, {"B", "x\"y"}}).at("A") == "\"x\\\"y\"");
  CHECK(resolve({{"A", "{{\"{{\"}}B{{\"}}\"}}"}}).at("A") == "{{B}}");
  CHECK(refused({{"A", "{{#B}}x{{/B}}"}, {"B", true}}).find("values.A: found a section") !=
        std::string::npos);
}

TEST_CASE("references: a text without braces, and what nobody wrote as one, stays as it is") {
  const Values values = {
      {"A", "{ $x }"}, {"SECRET", "p{{A}}"}, {"integrity.web", Json::array({{{"file", "{{A}}"}}})}};
  CHECK(resolve(values, {"SECRET"}) == values);
}

TEST_CASE("references: values that refer to each other in a circle are named in its order") {
  CHECK(refused({{"A", "{{B}}"}, {"B", "{{C}}"}, {"C", "{{A}}"}}) ==
        "values.A: A -> B -> C -> A: the value refers to itself\n");
  CHECK(refused({{"A", "{{A}}"}}) == "values.A: A -> A: the value refers to itself\n");
  CHECK(refused({{"X", "{{B}}"}, {"B", "{{X}}"}, {"Y", "{{Y}}"}}).find("Y -> Y") !=
        std::string::npos);
}

TEST_CASE("references: all mistakes are reported, each with its value") {
  const std::string all = refused({{"A", "{{NOPE}}"}, {"B", "{{"}, {"C", "{{A | jsn}}"}});
  for (const char* where :
       {"values.A:1: no value is named \"NOPE\"", "values.B:1: ", "values.C:1: "}) {
    CHECK(all.find(where) != std::string::npos);
  }
}

TEST_CASE("references: what refers to a value that is not set is not set") {
  const Values resolved = resolve({{"A", "x{{B}}"}, {"B", "{{C}}"}, {"C", nullptr}, {"D", "d"}});
  CHECK((resolved.at("A").is_null() && resolved.at("B").is_null() && resolved.at("D") == "d"));
}

TEST_CASE("references: chains and sizes are bounded") {
  Values chain = {{"V99", "end"}};
  Values doubling = {{"W39", std::string(1000, 'x')}};
  for (int i = 38; i > 9; --i) {
    const std::string next = i == 38 ? "V99" : "V" + std::to_string(i + 1);
    chain["V" + std::to_string(i)] = "{{" + next + "}}";
    const std::string twice = "{{W" + std::to_string(i + 1) + "}}";
    doubling["W" + std::to_string(i)] = twice + twice;
  }
  CHECK(refused(chain).find("a chain of more than 16 values") != std::string::npos);
  Values backwards = {{"V10", "end"}};
  for (int i = 11; i < 26; ++i) {
    backwards["V" + std::to_string(i)] = "{{V" + std::to_string(i - 1) + "}}";
  }
  CHECK(refused(backwards).empty());
  backwards["V26"] = "{{V25}}";
  CHECK(refused(backwards) == "values.V26: begins a chain of more than 16 values\n");
  CHECK_FALSE(refused(doubling).empty());
  Values wide = {{"X", std::string(16000, 'x')}};
  for (int i = 0; i < 1000; ++i) wide["Y" + std::to_string(i)] = "{{X}}";
  CHECK(refused(wide).find("all values have more than") != std::string::npos);
}

TEST_CASE("references: what a template uses includes what its values refer to") {
  const Values values = {{"URL", "db://{{USER}}:{{PASSWORD}}@x"},
                         {"USER", "u"},
                         {"PASSWORD", "p"},
                         {"LIST", Json::array({{{"key", "{{OTHER}}"}}})},
                         {"OTHER", "{{LIST}}"}};
  CHECK(names_used(Template::parse("{{URL}}", "t"), values) ==
        std::set<std::string>{"URL", "USER", "PASSWORD"});
  CHECK(names_used(Template::parse("{{#LIST}}{{key | shell}}{{/LIST}}", "t"), values) ==
        std::set<std::string>{"LIST", "key", "OTHER"});
  CHECK(reached_from("USER", values) == std::set<std::string>{"USER"});
}

}  // namespace sealift::release::references_test
