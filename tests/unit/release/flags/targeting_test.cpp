// SPDX-License-Identifier: Apache-2.0
#include "release/flags/targeting.hpp"

#include <catch2/catch.hpp>

namespace sealift::release::targeting_test {

namespace {

const std::map<std::string, Json> kVariants = {{"off", false}, {"on", true}};
const Json kEvaluators = Json::parse(R"({"staff":{"ends_with":[{"var":"email"},"@x"]},
                                         "says":{"if":[true,"on","of"]}})");

std::vector<TargetingMistake> check(const char* rule) {
  return check_targeting(Json::parse(rule), kEvaluators, kVariants);
}

}  // namespace

TEST_CASE("targeting: rules that flagd reads are good") {
  for (const char* rule : {
           R"({"if":[{"in":[{"var":"country"},["LK","IN"]]},"on","off"]})",
           R"({"if":[{"==":[{"var":["tier","free"]},"paid"]},"on"]})",
           R"({"if":[false,"on",true,"off",null]})",
           R"({"if":[{"$ref":"staff"},"on",{"fractional":[["on",1],["off",99]]}]})",
           R"({"fractional":[{"cat":[{"var":"email"},"salt"]},["on",50],["off"]]})",
           R"({"if":[{"sem_ver":[{"var":"v"},">=","1.2.3-rc.1"]},"on","off"]})",
           R"({"if":[{"<":[1,{"var":"$flagd.timestamp"},3]},"on","off"]})",
           R"({"if":[{"!":{"var":"a"}},"on","off"]})",
           R"({"if":[{"missing_some":[1,["a","b"]]},"off","on"]})",
           R"({"if":[{"reduce":[{"var":"a"},{"+":[{"var":"current"},1]},0]},"off","on"]})",
           R"({"var":"variant"})",
       }) {
    CAPTURE(rule);
    CHECK(check(rule).empty());
  }
}

TEST_CASE("targeting: what an application could not read is named with its place") {
  struct Row {
    const char* rule;
    const char* pointer;
    const char* says;
  };
  for (const Row& row : {
           Row{R"("on")", "", "found no rule"},
           Row{R"({})", "", "found no rule"},
           Row{R"({"if":[true,"on"],"==":[1,1]})", "", "found no rule"},
           Row{R"({"$ref":"staff"})", "/$ref", "alone"},
           Row{R"({"iff":[true,"on","off"]})", "/iff", "unknown operator \"iff\""},
           Row{R"({"if":[true]})", "/if", "found 1 operands, expected a list of at least 2"},
           Row{R"({"if":true})", "/if", "found no list"},
           Row{R"({"if":[{"==":[1]},"on","off"]})", "/if/0/==", "expected a list of 2"},
           Row{R"({"if":[{"<":[1,2,3,4]},"on"]})", "/if/0/<", "expected a list of 2 to 3"},
           Row{R"({"if":[{"var":"$flagd.time"},"on"]})", "/if/0/var", "$flagd.timestamp"},
           Row{R"({"if":[{"var":7},"on"]})", "/if/0/var", "found no name"},
           Row{R"({"if":[{"a":1,"b":2},"on"]})", "/if/0", "found 2 operators"},
           Row{R"({"if":[{"$ref":"stuff"},"on"]})", "/if/0/$ref", "evaluators does not have"},
           Row{R"({"if":[{"sem_ver":[{"var":"v"},"=>","1.0.0"]},"on"]})", "/if/0/sem_ver/1",
               "one of"},
           Row{R"({"if":[{"sem_ver":[{"var":"v"},">","v1"]},"on"]})", "/if/0/sem_ver/2",
               "semantic version"},
           Row{R"({"if":[{"starts_with":[{"var":"v"},1]},"on"]})", "/if/0/starts_with/1", "text"},
           Row{R"({"if":[{"missing":[1]},"on"]})", "/if/0/missing", "names"},
           Row{R"({"fractional":["on","off"]})", "/fractional/0", "found no share"},
           Row{R"({"fractional":[{"var":"a"}]})", "/fractional", "found no share"},
           Row{R"({"fractional":[["on",-1]]})", "/fractional/0/1", "the weight -1"},
           Row{R"({"fractional":[["on",2147483647],["off",1]]})", "/fractional", "in all"},
       }) {
    CAPTURE(row.rule);
    const std::vector<TargetingMistake> found = check(row.rule);
    REQUIRE(found.size() >= 1);
    CHECK(found[0].pointer == row.pointer);
    CHECK_THAT(found[0].found, Catch::Matchers::Contains(row.says));
  }
}

TEST_CASE("targeting: what it answers is a variant of its flag") {
  struct Row {
    const char* rule;
    const char* pointer;
  };
  for (const Row& row : {
           Row{R"({"if":[true,"onn","off"]})", "/if/1"},
           Row{R"({"if":[true,"on",false,"off","of"]})", "/if/4"},
           Row{R"({"if":[true,{"if":[true,"x","on"]},"off"]})", "/if/1/if/1"},
           Row{R"({"fractional":[["on",1],["of",1]]})", "/fractional/1/0"},
           Row{R"({"if":[true,true,"off"]})", "/if/1"},
           Row{R"({"if":[true,7,"off"]})", "/if/1"},
           Row{R"({"in":[{"var":"a"},["b"]]})", "/in"},
           Row{R"({"if":[true,{"$ref":"says"},"off"]})", "/if/1/$ref"},
           Row{R"({"if":[true,{"$ref":"staff"},"off"]})", "/if/1/$ref"},
       }) {
    CAPTURE(row.rule);
    const std::vector<TargetingMistake> found = check(row.rule);
    REQUIRE(found.size() == 1);
    CHECK(found[0].pointer == row.pointer);
    CHECK_THAT(found[0].found, Catch::Matchers::Contains("no variant"));
  }
  const std::map<std::string, Json> truths = {{"false", 0}, {"true", 1}};
  CHECK(check_targeting(Json::parse(R"({"in":[{"var":"a"},["b"]]})"), kEvaluators, truths).empty());
}

TEST_CASE("targeting: shared rules name no others, so there is no circle") {
  CHECK(check_evaluator(kEvaluators["staff"]).empty());
  CHECK(check_evaluator(kEvaluators["says"]).empty());
  const auto found = check_evaluator(Json::parse(R"({"!":[{"$ref":"says"}]})"));
  REQUIRE(found.size() == 1);
  CHECK(found[0].pointer == "/!/0/$ref");
  // One that was refused is not followed for its answers.
  const Json circle = Json::parse(R"({"a":{"if":[true,{"$ref":"a"},"on"]}})");
  CHECK(check_targeting(Json::parse(R"({"if":[true,{"$ref":"a"},"off"]})"), circle, kVariants)
            .empty());
}

TEST_CASE("targeting: depth and size have bounds") {
  const auto nested = [](std::size_t depth) {
    Json rule = "on";
    for (std::size_t i = 0; i < depth; ++i) rule = Json::object({{"!", Json::array({rule})}});
    return check_evaluator(rule);
  };
  CHECK(nested(kMaxTargetingDepth - 1).empty());
  REQUIRE(nested(kMaxTargetingDepth).size() == 1);
  CHECK_THAT(nested(kMaxTargetingDepth)[0].found, Catch::Matchers::Contains("nesting deeper"));
  Json wide = Json::array();
  for (std::size_t i = 0; i <= kMaxTargetingNodes; ++i) wide.push_back(i);
  const auto found = check_evaluator(Json::object({{"in", Json::array({1, wide})}}));
  REQUIRE(found.size() == 1);
  CHECK_THAT(found[0].found, Catch::Matchers::Contains("parts of a rule"));
}

}  // namespace sealift::release::targeting_test
