// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/api_schema.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "kubernetes/api_document.hpp"

namespace sealift::kubernetes::api_schema_test {

namespace {

constexpr auto kAll = ApiSchema::Extent::all;
const std::string kGate =
    R"("Gate":{"x-kubernetes-group-version-kind":[{"group":"a.io","version":"v1","kind":"Gate"}],)";

std::string document(const std::string& definitions) {
  return R"({"swagger":"2.0","definitions":{)" + definitions + "}}";
}

// Every mistake of a document, one a line.
std::string mistakes_in(const std::string& text) {
  std::string all;
  try {
    ApiSchema::parse(text, "s.json", kAll);
  } catch (const Error& error) {
    CHECK(error.code() == Errc::invalid_input);
    for (const Problem& each : error.problems()) all += each.message + "\n";
  }
  return all;
}

}  // namespace

TEST_CASE("api schema: the table of Kubernetes has its kinds, and no kind of the whole cluster") {
  const ApiSchema& table = ApiSchema::built_in();
  for (const char* kind : {"Pod", "Service", "ConfigMap", "Secret", "PersistentVolumeClaim"}) {
    CHECK(table.shape_of({"v1", kind, ""}) != nullptr);
  }
  CHECK(table.shape_of({"apps/v1", "Deployment", ""}) != nullptr);
  CHECK(table.shape_of({"policy/v1beta1", "PodDisruptionBudget", ""}) != nullptr);
  CHECK(table.shape_of({"v1", "Namespace", ""}) == nullptr);
  CHECK(table.shape_of({"example.org/v1", "Deployment", ""}) == nullptr);
  CHECK(table.extent() == ApiSchema::Extent::some);
}

TEST_CASE("api schema: what is no OpenAPI document of version 2 is refused") {
  CHECK(mistakes_in("[]") == "s.json: found no mapping, expected an OpenAPI document\n");
  CHECK(mistakes_in("{") != "");
  CHECK(mistakes_in(R"({"openapi": "3.0.0"})") ==
        "s.json: found OpenAPI 3.0.0, expected version 2\n");
  CHECK(mistakes_in("{}").find("found no swagger") != std::string::npos);
  CHECK(mistakes_in(document("")) == "s.json: found no kind of an object\n");
  CHECK(mistakes_in(std::string(kMaxApiBytes + 1, ' ')).find("expected at most") !=
        std::string::npos);
}

TEST_CASE("api schema: each mistake is told with its place, of very many the first") {
  CHECK(mistakes_in(document(kGate + R"("properties":{"a":{"$ref":"#/definitions/No"},)" +
                             R"("b":{"type":"strnig"},"c":5,"d":{"type":"array","items":7}},)" +
                             R"("required":[1]})")) ==
        "s.json: definitions.Gate.properties.a: found a reference to No, expected one of "
        "definitions\n"
        "s.json: definitions.Gate.properties.b: found the type strnig, which OpenAPI does not "
        "have\n"
        "s.json: definitions.Gate.properties.c: found number, expected a mapping\n"
        "s.json: definitions.Gate.properties.d.items: found number, expected a mapping\n"
        "s.json: definitions.Gate.required: found number, expected a text\n");
  std::string many;
  for (int i = 0; i < 500; ++i) many += R"("a)" + std::to_string(i) + R"(":5,)";
  const std::string all = mistakes_in(document(many + R"("z":5)"));
  CHECK(std::count(all.begin(), all.end(), '\n') == 20);
}

TEST_CASE("api schema: references in circles are refused where they have no end, taken else") {
  CHECK(mistakes_in(document(R"("A":{"$ref":"#/definitions/B"},"B":{"$ref":"#/definitions/A"},)" +
                             kGate + R"("properties":{"a":{"type":"string"}}})"))
            .find("references to A that have no end") != std::string::npos);
  CHECK(mistakes_in(document(kGate + R"("type":"array","items":{"$ref":"#/definitions/Gate"}})"))
            .find("no end") != std::string::npos);
  // A tree of rules.
  CHECK(mistakes_in(document(kGate + R"("properties":{"in":{"$ref":"#/definitions/Gate"}}})"))
            .empty());
  // Few lines that would be very much, were each written out.
  std::string steps = kGate + R"("properties":{"a":{"$ref":"#/definitions/S0"}}})";
  for (int i = 0; i < 25; ++i) {
    const std::string next = R"({"$ref":"#/definitions/S)" + std::to_string(i + 1) + R"("})";
    steps += R"(,"S)" + std::to_string(i) + R"(":{"type":"array","items":{"properties":{"a":)" +
             next + R"(,"b":)" + next + R"(,"c":)" + next + "}}}";
  }
  CHECK(mistakes_in(document(steps + R"(,"S25":{"type":"string"})")).empty());
}

TEST_CASE("api schema: a reduced document has what is read and no more, and reads the same") {
  const std::string whole = document(
      R"("Unused":{"properties":{"x":{"type":"string"}}},"Other":{"description":"of it","type":"string"},)" +
      kGate +
      R"("description":"a gate","properties":{"a":{"allOf":[{"$ref":"#/definitions/Other"}],)" +
      R"("description":"b"},"status":{"$ref":"#/definitions/Unused"},"description":{"type":"string"}}},)" +
      R"("GateList":{"x-kubernetes-group-version-kind":[{"group":"a.io","version":"v1","kind":"GateList"}],)" +
      R"("properties":{"items":{"type":"array"}}})");
  const std::string reduced = reduced_api(whole, "s.json");
  CHECK(
      reduced ==
      R"({"swagger":"2.0","info":{"title":"Kubernetes","version":"reduced"},"paths":{},"definitions":{
"Gate":{"properties":{"a":{"$ref":"#/definitions/Other"},"description":{"type":"string"},"status":{}},"x-kubernetes-group-version-kind":[{"group":"a.io","kind":"Gate","version":"v1"}]},
"Other":{"type":"string"}
}}
)");
  CHECK(reduced_api(reduced, "s.json") == reduced);
  CHECK(ApiSchema::parse(reduced, "s.json", kAll).shape_of({"a.io/v1", "Gate", ""}) != nullptr);
  CHECK_THROWS_AS(reduced_api("{}", "s.json"), Error);
}

}  // namespace sealift::kubernetes::api_schema_test
