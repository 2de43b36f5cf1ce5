// SPDX-License-Identifier: Apache-2.0
#include "net/challenge.hpp"

#include <catch2/catch.hpp>

namespace sealift::net::challenge_test {

TEST_CASE("challenge: what registries ask for") {
  const auto only = [](std::string_view header) {
    const std::vector<Challenge> all = Challenge::parse(header);
    REQUIRE(all.size() == 1);
    return all.front();
  };
  const Challenge bearer = only(
      R"(Bearer realm="https://auth.example/token",service="registry, one",scope="repository:a/b:pull,push")");
  CHECK(bearer.scheme == "bearer");
  CHECK(bearer.parameters.at("realm") == "https://auth.example/token");
  CHECK(bearer.parameters.at("service") == "registry, one");
  CHECK(bearer.parameters.at("scope") == "repository:a/b:pull,push");
  CHECK(only(R"(BASIC Realm="a \"b\"")").parameters.at("realm") == R"(a "b")");
  CHECK(only("Bearer realm=https://a , scope=b").parameters.at("scope") == "b");
  CHECK(only(R"(Bearer realm = "a" ,	scope = b)").parameters.at("scope") == "b");
  CHECK(only(R"(Bearer realm="cut off)").parameters.at("realm") == "cut off");
}

TEST_CASE("challenge: several in one header, in their order") {
  const auto schemes = [](std::string_view header) {
    std::string all;
    for (const Challenge& each : Challenge::parse(header)) all += each.scheme + ";";
    return all;
  };
  CHECK(schemes(R"(Basic realm="a", Bearer realm="b",service="c")") == "basic;bearer;");
  CHECK(schemes(R"(Negotiate, Basic realm="x")") == "negotiate;basic;");
  CHECK(schemes(R"(Negotiate YII=, Basic realm="x")") == "negotiate;basic;");
  CHECK(schemes(R"(Negotiate YIIabc, NTLM, Basic realm="a, b=c")") == "negotiate;ntlm;basic;");
  CHECK(schemes("Negotiate,Basic") == "negotiate;basic;");
  CHECK(Challenge::parse(R"(Basic realm="a", Bearer realm="b")")[1].parameters.at("realm") == "b");
  CHECK(schemes("") == "");
  CHECK(schemes(",,, ") == "");
  CHECK(schemes("=") == "");
}

}  // namespace sealift::net::challenge_test
