// SPDX-License-Identifier: Apache-2.0
#include "compose/file.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::compose::file_test {

using tests::error_of;
using tests::messages;

namespace {

std::string refused(const std::string& text) {
  const auto error = error_of([&] { ComposeFile::parse(text, "compose.yaml"); });
  if (error) CHECK(error->code() == Errc::invalid_input);
  return messages(error);
}

ComposeService only_service(const std::string& text) {
  const ComposeFile file = ComposeFile::parse(text, "compose.yaml");
  REQUIRE(file.services.size() == 1);
  return file.services.front();
}

}  // namespace

TEST_CASE("compose: the files that a service reads are those of its own tree") {
  const ComposeService api = only_service(R"(
services:
  api:
    image: a:1
    volumes:
      - ./conf/app.conf:/etc/app.conf:ro
      - ./static/:/static
      - /var/run/x:/x
      - data:/data
      - ../outside:/o
      - {type: bind, source: ./more, target: /m}
      - {type: volume, source: data, target: /v}
    env_file: [app.env, {path: ./other.env, required: false}]
    configs: [nginx, {source: inline}]
    secrets: [token]
configs:
  nginx: {file: ./nginx.conf}
  inline: {content: x}
secrets: {token: {file: token.txt}}
)");
  std::vector<std::string> paths;
  for (const OwnFile& file : api.files) paths.push_back(file.path);
  CHECK(paths == std::vector<std::string>{"app.env", "conf/app.conf", "more", "nginx.conf",
                                          "other.env", "static", "token.txt"});
  CHECK(api.files.at(1).where == "compose.yaml:6: services.api.volumes[0]");
  CHECK(api.files.at(1).use == OwnFile::Use::mount);
  CHECK(api.files.at(4).use == OwnFile::Use::read_if_there);
}

TEST_CASE("compose: anchors stand for what they name, and numbers with a point are no mistake") {
  const ComposeService api = only_service(R"(
version: 3.8
x-base: &base {image: a:1, restart: always, deploy: {replicas: 2}}
services:
  api:
    <<: *base
    restart: "no"
    cpus: 0.5
)");
  CHECK(api.image == "a:1");
  CHECK(api.replicas == 2);
  CHECK(api.definition.at("restart") == "no");
  CHECK(api.definition.at("cpus") == "0.5");
}

TEST_CASE("compose: services of a profile do not start by themselves") {
  const ComposeFile file = ComposeFile::parse(
      "services: {a: {image: x:1}, b: {image: y:1, profiles: [debug]}}", "compose.yaml");
  REQUIRE(file.services.size() == 1);
  CHECK(file.services[0].name == "a");
}

TEST_CASE("compose: all mistakes are said at once, with their lines") {
  const std::string said = refused(R"(
services:
  a: {build: .}
  b: {image: "${IMAGE}"}
  c: {image: x:1, extends: a}
  e: {image: x:1, deploy: {replicas: many}}
  f: 7
include: [other.yaml]
)");
  CHECK(said.find("compose.yaml:3: services.a: is built where it runs") != said.npos);
  CHECK(said.find("compose.yaml:4: services.b.image: found a variable") != said.npos);
  CHECK(said.find("services.c.extends: takes from another service") != said.npos);
  CHECK(said.find("services.e: found \"many\" replicas") != said.npos);
  CHECK(said.find("services.f: found no mapping") != said.npos);
  CHECK(said.find("include: reaches into other files") != said.npos);
}

TEST_CASE("compose: what is no file of Compose is refused") {
  CHECK(refused("services: {}").find("found no services") != std::string::npos);
  CHECK(refused("a: 1").find("found no services") != std::string::npos);
  CHECK(refused("[]").find("found no services") != std::string::npos);
  CHECK_FALSE(refused("services: {a: *nothing}").empty());
  CHECK_FALSE(refused("services: {a: {image: x:1}, a: {image: y:1}}").empty());
  CHECK_FALSE(refused("services: {a: !!python/object {image: x:1}}").empty());
}

TEST_CASE("compose: aliases of aliases cannot fill the memory") {
  std::string text = "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n";
  for (int i = 1; i < 9; ++i) {
    text += "x" + std::to_string(i) + ": &x" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += (j > 0 ? ", *x" : "*x") + std::to_string(i - 1);
    text += "]\n";
  }
  CHECK(refused(text + "services: {a: {image: x:1}}\n").find("more than 100000 values") !=
        std::string::npos);
}

TEST_CASE("compose: a mapping that takes in itself ends") {
  CHECK_NOTHROW(refused("x: &x {<<: {<<: {<<: {a: 1}}}}\nservices: {a: {image: x:1, <<: *x}}\n"));
  CHECK_FALSE(refused("x: &x {<<: *x}\nservices: {}\n").empty());
}

TEST_CASE("compose: variables are filled in, and those that nothing sets are findings") {
  const Variables variables = {{"TAG", "1"}, {"N", "3"}};
  const ComposeFile file = ComposeFile::parse(R"(
services:
  a: {image: "x:${TAG:-2}", deploy: {replicas: "${N}"}, environment: {A: "$NOWHERE", B: "$$x"}}
  b: {image: "y:${NO:-2}", pull_policy: always, build: .}
)",
                                              "compose.yaml", variables);
  REQUIRE(file.services.size() == 2);
  CHECK(file.services[0].image == "x:1");
  CHECK(file.services[0].replicas == 3);
  CHECK(file.services[1].image == "y:2");
  CHECK(file.services[1].has_pull_policy);
  CHECK(file.built == std::vector<std::string>{"b"});
  REQUIRE(file.findings.size() == 2);
  CHECK(
      file.findings[0].message ==
      "compose.yaml:3: services.a.environment.A: nothing sets the variable NOWHERE: Compose takes "
      "an empty text");
  CHECK(file.findings[1].message.find("\"always\" is ignored") != std::string::npos);
}

TEST_CASE("compose: what Compose itself refuses is left to it, and said") {
  const ComposeFile file = ComposeFile::parse(R"(
services:
  a: {image: x:1, enviroment: {A: b}, command: echo $1}
  b: {image: "y:${V:?say it}", profiles: [p], x-note: ours}
volume: {}
)",
                                              "compose.yaml", Variables{});
  std::string said;
  for (const Problem& each : file.objections) said += each.message + "; " + each.hint + "\n";
  CHECK(said.find("compose.yaml:3: services.a.enviroment: found a key that Compose does not know; "
                  "did you mean \"environment\"?") != said.npos);
  CHECK(said.find("services.b.image: the variable V is not set: say it") != said.npos);
  CHECK(said.find("compose.yaml:5: volume: found a key") != said.npos);
  CHECK(file.objections.size() == 3);
}

TEST_CASE("compose: what docker-compose 1 alone refuses is a finding") {
  const ComposeFile file = ComposeFile::parse(R"(
services: {a: {image: x:1, command: echo $1, networks: [n]}}
networks: {n: {external: true, driver: bridge}}
)",
                                              "compose.yaml", Variables{});
  CHECK(file.objections.empty());
  REQUIRE(file.old_objections.size() == 2);
  CHECK(file.findings.size() == 2);
  CHECK(file.old_objections[0].message ==
        "compose.yaml:2: services.a.command: found \"$1\", whose $ begins no variable: "
        "docker-compose 1 refuses it");
  CHECK(file.old_objections[1].message.find("networks.n.driver") != std::string::npos);
}

TEST_CASE("compose: variables that cannot be read stay as they stand") {
  const std::string text = "services: {a: {image: x:1, environment: {A: '${V:?} $1'}}}";
  CHECK(only_service(text).definition.at("environment").at("A") == "${V:?} $1");
}

TEST_CASE("compose: a service that others wait for to end is a job") {
  const ComposeFile file = ComposeFile::parse(R"(
services:
  migrate: {image: x:1}
  app: {image: x:1, depends_on: {migrate: {condition: service_completed_successfully}}}
  web: {image: x:1, depends_on: [app]}
)",
                                              "compose.yaml");
  for (const ComposeService& each : file.services) CHECK(each.is_job == (each.name == "migrate"));
}

TEST_CASE("compose: a folder of the project is its own, by whatever name") {
  const ComposeFile file = ComposeFile::parse(R"(
services: {a: {image: x:1, volumes: ["${PWD}/data:/data"], env_file: [/etc/app.env]}}
volumes: {v: {driver_opts: {type: none, o: bind, device: ./rows}}}
)",
                                              "compose.yaml", Variables{});
  REQUIRE(file.services[0].files.size() == 1);
  CHECK(file.services[0].files[0].path == "data");
  REQUIRE(file.volume_folders.size() == 1);
  CHECK(file.volume_folders[0].path == "rows");
  CHECK(file.host_env_files == std::vector<std::string>{"/etc/app.env"});
}

}  // namespace sealift::compose::file_test
