// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "release/documents/health.hpp"

namespace sealift::release::health_test {

namespace {

HealthCheck an_http_check() {
  const Json root = {
      {"health",
       {{{"name", "api"},
         {"http", "http://127.0.0.1:{{PORT}}/"},
         {"expect", {{"status", 200}, {"json", {{"/version", "{{release.version}}"}, {"/n", 1}}}}},
         {"latency", {{"requests", 20}, {"p95", "200ms"}}},
         {"stable", "2m"}}}}};
  return read_health(root).at(0);
}

}  // namespace

TEST_CASE("health: a check survives the bundle", "[release]") {
  const HealthCheck check = an_http_check();
  CHECK(check.stable == std::chrono::minutes(2));
  CHECK(check.within == std::chrono::seconds(60));
  const std::string text = to_canonical(to_json(check));
  CHECK(to_canonical(to_json(health_check_from_json(parse_json(text, "x"), "x"))) == text);
}

TEST_CASE("health: a forged check is refused", "[release]") {
  const auto forged = [](const char* pointer, const Json& value) {
    Json json = to_json(an_http_check());
    json[JsonPointer(pointer)] = value;
    return parse_json(to_canonical(json), "x");
  };
  for (const Json& json :
       {forged("/within", 1U << 30), forged("/every", 0U), forged("/tcp", "x:1"),
        forged("/query", "select 1"), forged("/env", {"A"}), forged("/more", 1U),
        forged("/name", "../x"), forged("/expect/value", "1"), forged("/expect/status", 99U),
        forged("/latency/requests", 0U), forged("/http", std::string(9000, 'x')),
        forged("/expect/json", {{"no-pointer", "1"}})}) {
    CHECK_THROWS_AS(health_check_from_json(json, "x"), Error);
  }
}

TEST_CASE("health: a script lies beside release.yaml and nowhere else", "[release]") {
  HealthCheck check;
  check.name = "smoke";
  check.probe = Probe::exec;
  check.command = {"./a/b.sh", "--x", "./c.sh"};
  CHECK(scripts_named({check.command}) == std::set<std::string>{"a/b.sh", "c.sh"});
  check.command = {"./../b.sh"};
  CHECK_THROWS_AS(health_check_from_json(parse_json(to_canonical(to_json(check)), "x"), "x"),
                  Error);
  CHECK_THROWS_AS(scripts_from_json({{"../x", ""}}, "x"), Error);
}

TEST_CASE("health: values stand in the texts of a rendered check", "[release]") {
  const HealthCheck rendered =
      render(an_http_check(), {{"PORT", 81}, {"release.version", "1.0.0"}}, "x");
  CHECK(rendered.at == "http://127.0.0.1:81/");
  CHECK(rendered.expect.json.at("/version") == "1.0.0");
  CHECK_THROWS_AS(render(an_http_check(), {{"PORT", 81}}, "x"), Error);
}

}  // namespace sealift::release::health_test
