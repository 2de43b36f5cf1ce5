// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/secret_references.hpp"

#include <catch2/catch.hpp>

#include "kubernetes/manifests.hpp"
#include "signing/base64.hpp"

namespace sealift::kubernetes::secret_references_test {

namespace {

const std::string kPrint(kFingerprint, 'a');
const std::string kOne = secret_reference("ONE", kPrint);

Json secret(const char* part, const std::string& value) {
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", {{"name", "db"}}},
          {part, {{"x", value}}}};
}

std::string mistakes_in(const Json& body) {
  Problems problems;
  check_references({.reference = reference_of(body), .body = body, .place = "a.yaml:1"}, problems);
  std::string text;
  for (const Problem& each : problems.all()) text += each.message + "\n";
  return text;
}

std::string value_of(const Json& body, const char* part) {
  const Json known = revealed(body, [](const std::string& key) {
    return std::string_view(key == "ONE" ? "a\"b'c\n" : "two");
  });
  return text_at(object_at(known, part), "x");
}

}  // namespace

TEST_CASE("secrets: a reference becomes its value in texts and in base64") {
  const std::string two = secret_reference("TWO", kPrint);
  CHECK(value_of(secret("stringData", kOne), "stringData") == "a\"b'c\n");
  CHECK(value_of(secret("stringData", "x:" + two + "@" + two), "stringData") == "x:two@two");
  CHECK(value_of(secret("data", signing::to_base64("x" + two)), "data") ==
        signing::to_base64("xtwo"));
  CHECK(mistakes_in(secret("stringData", two + kOne)).empty());
}

TEST_CASE("secrets: what no value is put into is known") {
  CHECK(has_secrets(secret("data", signing::to_base64(kOne))));
  CHECK(!has_secrets(secret("stringData", "plain")));
  Json map = secret("data", kOne);
  map["kind"] = "ConfigMap";
  CHECK(!has_secrets(map));
  CHECK(value_of(map, "data") == kOne);
}

TEST_CASE("secrets: a reference is refused wherever its value could be read") {
  const auto found = [](const Json& body, const std::string& words) {
    return mistakes_in(body).find(words) != std::string::npos;
  };
  Json map = secret("data", kOne);
  map["kind"] = "ConfigMap";
  CHECK(found(map, "a.yaml:1: ConfigMap db: data.x: found a secret that others could read"));
  map = secret("binaryData", signing::to_base64(kOne));
  map["kind"] = "ConfigMap";
  CHECK(found(map, "binaryData.x: found a secret that others could read"));
  Json labelled = secret("stringData", "a");
  labelled["metadata"]["annotations"] = {{"a", Json::Array{Json(kOne)}}};
  CHECK(found(labelled, "metadata.annotations.a[0]: found a secret that others could read"));
  CHECK(found(secret("data", kOne), "found a secret without base64"));
  CHECK(found(secret("stringData", signing::to_base64(kOne)), "found a secret in base64"));
}

TEST_CASE("secrets: what a filter has changed is refused") {
  std::string cut = kOne;
  cut.pop_back();
  CHECK(mistakes_in(secret("stringData", cut)).find("has changed") != std::string::npos);
  CHECK(mistakes_in(secret("stringData", kOne + cut)).find("has changed") != std::string::npos);
}

TEST_CASE("secrets: a Secret of references alone is no finding") {
  const auto findings = [](const std::string& value) {
    Problems problems;
    return read_manifests({{"a.yaml", secret("stringData", value).dump()}}, problems)
        .findings.size();
  };
  CHECK(findings(kOne) == 0);
  CHECK(findings("plain") == 1);
}

}  // namespace sealift::kubernetes::secret_references_test
