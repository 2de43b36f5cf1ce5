// SPDX-License-Identifier: Apache-2.0
#include "net/challenge.hpp"

#include <catch2/catch.hpp>

namespace sealift::net {

TEST_CASE("challenge: what registries ask for") {
  const Challenge bearer = Challenge::parse(
      R"(Bearer realm="https://auth.example/token",service="registry, one",scope="repository:a/b:pull,push")");
  CHECK(bearer.scheme == "bearer");
  CHECK(bearer.parameters.at("realm") == "https://auth.example/token");
  CHECK(bearer.parameters.at("service") == "registry, one");
  CHECK(bearer.parameters.at("scope") == "repository:a/b:pull,push");
  CHECK(Challenge::parse(R"(BASIC Realm="a \"b\"")").parameters.at("realm") == R"(a "b")");
  CHECK(Challenge::parse("Bearer realm=https://a , scope=b").parameters.at("scope") == "b");
}

TEST_CASE("challenge: the first of several, and what is none") {
  const Challenge first = Challenge::parse(R"(Basic realm="a", Bearer realm="b")");
  CHECK(first.scheme == "basic");
  CHECK(first.parameters.at("realm") == "a");
  CHECK(Challenge::parse("").scheme.empty());
  CHECK(Challenge::parse(R"(Bearer realm="cut off)").parameters.at("realm") == "cut off");
  CHECK(Challenge::parse(",,, ").scheme.empty());
}

}  // namespace sealift::net
