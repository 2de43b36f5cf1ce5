// SPDX-License-Identifier: Apache-2.0
#include "compose/consistency.hpp"

#include <catch2/catch.hpp>

#include "compose/file.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::compose::consistency_test {

namespace {

// What Compose refuses of services "a" and, where it is there, "b".
std::string objections_to(const std::string& services, const std::string& more = {},
                          const Variables& variables = {}) {
  Problems problems;
  const ComposeFile file =
      ComposeFile::read("services:\n" + services + more, "compose.yaml", variables, problems);
  std::string all;
  for (const Problem& each : file.objections) all += each.message + "\n";
  return all;
}

const char* const kPair = "  b: {image: b:1}\n";

}  // namespace

TEST_CASE("consistency: another service has to be there, and to start") {
  CHECK(objections_to("  a: {image: a:1, depends_on: [bb]}\n  b: {image: b:1}\n") ==
        "compose.yaml:2: services.a.depends_on[0]: depends on the service bb, which the file does "
        "not have\n");
  CHECK(objections_to("  a: {image: a:1, depends_on: {c: {condition: service_started, required: "
                      "false}}}\n") == "");
  CHECK(objections_to("  a: {image: a:1, links: [\"b:x\"], volumes_from: [\"b:ro\"], network_mode: "
                      "\"service:b\", pid: \"service:b\"}\n" +
                      std::string(kPair)) == "");
  CHECK(objections_to("  a: {image: a:1, network_mode: \"service:c\"}\n")
            .find("names the service c, which the file does not have") != std::string::npos);
  const std::string waits =
      "  a: {image: a:1, depends_on: [b]}\n  b: {image: b:1, profiles: [more]}\n";
  CHECK(objections_to(waits).find("which has a profile that is not chosen") != std::string::npos);
  CHECK(objections_to(waits, "", {{"COMPOSE_PROFILES", "x, more"}}) == "");
  CHECK(objections_to("  a: {image: a:1, depends_on: [b]}\n  b: {image: b:1, depends_on: [a]}\n")
            .find("services that wait for each other: a -> b -> a") != std::string::npos);
}

TEST_CASE("consistency: volumes, networks, secrets and configs are declared") {
  CHECK(objections_to("  a: {image: a:1, volumes: [\"rows:/r\"]}\n") ==
        "compose.yaml:2: services.a.volumes[0]: names rows, which volumes of the file does not "
        "have\n");
  CHECK(objections_to("  a: {image: a:1, volumes: [/anonymous, \"./x:/x\", \"~/y:/y\", \"/z:/z\", "
                      "{type: tmpfs, target: /t}, \"${D}x:/d\"], networks: [default]}\n",
                      "", {{"D", "/"}}) == "");
  const std::string uses =
      "  a: {image: a:1, networks: {front: {}}, secrets: [{source: token}], configs: [nginx]}\n";
  const std::string said = objections_to(uses);
  CHECK(said.find("names front, which networks") != std::string::npos);
  CHECK(said.find("names token, which secrets") != std::string::npos);
  CHECK(said.find("names nginx, which configs") != std::string::npos);
  CHECK(objections_to(uses,
                      "networks: {front: }\nsecrets: {token: {environment: T}}\n"
                      "configs: {nginx: {content: x}}\n") == "");
  CHECK(objections_to("  a: {image: a:1}\n", "secrets: {token: {}}\n")
            .find("compose.yaml:3: secrets.token: says not where it comes from") !=
        std::string::npos);
  CHECK(objections_to("  a: {image: a:1}\n", "volumes: {v: {external: true, driver: local}}\n")
            .find("volumes.v.driver: found it beside external: true") != std::string::npos);
  const std::string networks = "networks: {n: {external: true, driver: bridge}}\n";
  CHECK(objections_to("  a: {image: a:1}\n", networks).empty());
}

TEST_CASE("consistency: what is right alone may not be beside something else") {
  CHECK(
      objections_to("  a: {image: a:1, container_name: x}\n  b: {image: b:1, container_name: x}\n")
          .find("services.b.container_name: found x, as of the service a") != std::string::npos);
  CHECK(objections_to("  a: {image: a:1, container_name: x, deploy: {replicas: 2}}\n")
            .find("a name for one container, and 2 replicas") != std::string::npos);
  CHECK(objections_to("  a: {image: a:1, network_mode: host, networks: [default]}\n")
            .find("expected one of them") != std::string::npos);
  CHECK(objections_to("  a: {image: a:1, healthcheck: {test: [curl, x]}}\n")
            .find("begins with \"curl\", expected CMD, CMD-SHELL or NONE") != std::string::npos);
}

TEST_CASE("consistency: values have the form that the Specification gives them") {
  CHECK(objections_to("  a: {image: a:1, ports: \"80:80\"}\n") ==
        "compose.yaml:2: services.a.ports: found a single value, expected a list\n");
  CHECK(objections_to("  a: {image: a:1, environment: A=b, deploy: []}\n")
            .find("services.a.environment: found a single value, expected a list or a mapping") !=
        std::string::npos);
  CHECK(objections_to("  a: {image: a:1, environment: , ports: , command: [x], env_file: f}\n") ==
        "");
}

TEST_CASE("profiles: services of the chosen ones start") {
  Problems problems;
  const std::string text =
      "services:\n  a: {image: a:1}\n  b: {image: b:1, profiles: [x, y]}\n"
      "  c: {image: c:1, profiles: [z]}\n";
  const auto started = [&](const Variables& variables) {
    std::string names;
    for (const ComposeService& each :
         ComposeFile::read(text, "compose.yaml", variables, problems).services) {
      names += each.name;
    }
    return names;
  };
  CHECK(started({}) == "a");
  CHECK(started({{"COMPOSE_PROFILES", "y"}}) == "ab");
  CHECK(started({{"COMPOSE_PROFILES", "z,x"}}) == "abc");
  CHECK(started({{"COMPOSE_PROFILES", "*"}}) == "abc");
  CHECK(ComposeFile::read(text, "compose.yaml", Variables{}, problems).left_out ==
        std::vector<std::string>{"b", "c"});
}

}  // namespace sealift::compose::consistency_test
