// SPDX-License-Identifier: Apache-2.0
#include "compose/project.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "tests/unit/errors.hpp"

namespace sealift::compose::project_test {

using tests::error_of;
using tests::messages;

namespace {

using ProjectFiles = std::map<std::string, std::string>;

MergedProject merged_of(const ProjectFiles& files, const std::vector<std::string>& names) {
  return merge_project(names, [&](const std::string& path) -> std::optional<std::string> {
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  });
}

std::string refused_project(const ProjectFiles& files, const std::vector<std::string>& names) {
  return messages(error_of([&] { merged_of(files, names); }));
}

// One service, one file over it.
Json service_of(const std::string& earlier, const std::string& later) {
  const std::string text = merged_of({{"a.yaml", "services:\n  s:\n" + earlier},
                                      {"b.yaml", "services:\n  s:\n" + later}},
                                     {"a.yaml", "b.yaml"})
                               .file.text;
  INFO(text);
  return release::YamlDocument::parse(text, "merged", release::Yaml::foreign)
      .value()
      .at("services")
      .at("s");
}

}  // namespace

TEST_CASE("merge: mappings are merged, lists appended, commands replaced") {
  const Json service = service_of(
      "    command: [a, b]\n    healthcheck: {test: [CMD, x], retries: 3}\n"
      "    environment: [A=1, B=2]\n    ports: [\"80:80\", \"${IP:-1.2.3.4}:81:81\"]\n",
      "    command: c\n    healthcheck: {test: curl}\n    environment: {B: 3, C: null}\n"
      "    ports: [\"80:80/tcp\", \"82:82\"]\n");
  CHECK(service.at("command") == "c");
  CHECK(service.at("healthcheck") == Json{{"test", "curl"}, {"retries", 3U}});
  CHECK(service.at("environment") == Json{{"A", "1"}, {"B", 3U}, {"C", nullptr}});
  CHECK(service.at("ports") == Json::array({"80:80/tcp", "${IP:-1.2.3.4}:81:81", "82:82"}));
}

TEST_CASE("merge: items with a key are there once, where the earlier one was") {
  const Json service = service_of(
      "    volumes: [\"a:/x\", \"b:/y/\"]\n    secrets: [s, t]\n    devices: [/dev/a:/dev/z]\n"
      "    env_file: a.env\n    dns: 1.1.1.1\n    depends_on: [d]\n    networks: [n]\n",
      "    volumes: [{type: bind, source: /c, target: /y}, \"${D:-e:f}:/v\"]\n"
      "    secrets: [{source: u, target: /run/secrets/s}]\n    devices: [/dev/b:/dev/z]\n"
      "    env_file: [b.env, a.env]\n    dns: [8.8.8.8]\n"
      "    depends_on: {e: {condition: service_healthy}}\n    networks: [n, m]\n");
  CHECK(service.at("volumes").dump() ==
        R"(["a:/x",{"source":"/c","target":"/y","type":"bind"},"${D:-e:f}:/v"])");
  CHECK(service.at("secrets").dump() == R"([{"source":"u","target":"/run/secrets/s"},"t"])");
  CHECK(service.at("devices").dump() == R"(["/dev/b:/dev/z"])");
  CHECK(service.at("env_file").dump() == R"(["a.env","b.env"])");
  CHECK(service.at("dns").dump() == R"(["1.1.1.1","8.8.8.8"])");
  CHECK(service.at("depends_on").dump() ==
        R"({"d":{"condition":"service_started"},"e":{"condition":"service_healthy"}})");
  CHECK(service.at("networks").dump() == R"(["n","m"])");
}

TEST_CASE("merge: !reset removes and !override replaces") {
  const Json service = service_of(
      "    ports: [\"80:80\"]\n    environment: {A: x, B: y}\n    volumes: [\"a:/x\"]\n"
      "    build: .\n",
      "    ports: !reset []\n    environment: {A: !reset null}\n    volumes: !override [\"b:/y\"]\n"
      "    build: !reset\n");
  CHECK(service == Json{{"environment", {{"B", "y"}}}, {"volumes", Json::array({"b:/y"})}});
}

TEST_CASE("merge: numbers, words and tags of templates keep their spelling") {
  const std::string text =
      merged_of({{"a.yaml",
                  "x-c: &c {restart: no, cpus: 0.50}\nservices:\n  s:\n    <<: *c\n"
                  "    image: {{image.app}} # {{! a comment }}\n    command: '{{A}}'\n"
                  "    entrypoint: \"x{{B | json}}\"\n    mode: 0440\n    tty: \"yes\"\n"
                  "    labels:\n      l: |\n        one\n        {{C}}\n"},
                 {"b.yaml", "services: {s: {init: true, user: \"1000\"}}\n"}},
                {"a.yaml", "b.yaml"})
          .file.text;
  CHECK(text.find("    image: {{image.app}}\n") != text.npos);
  CHECK(text.find("    command: '{{A}}'\n") != text.npos);
  CHECK(text.find("    entrypoint: \"x{{B | json}}\"\n") != text.npos);
  CHECK(text.find("    mode: 0440\n") != text.npos);
  CHECK(text.find("    tty: \"yes\"\n") != text.npos);
  CHECK(text.find("    restart: no\n") != text.npos);
  CHECK(text.find("    cpus: 0.50\n") != text.npos);
  CHECK(text.find("      l: |2\n        one\n        {{C}}\n") != text.npos);
  CHECK(text.find("    user: \"1000\"\n") != text.npos);
}

TEST_CASE("merge: what was written where is known of each value") {
  const MergedProject merged =
      merged_of({{"a.yaml", "services:\n  s:\n    image: x\n"},
                 {"over/b.yaml", "services:\n  s:\n\n    ports: [\"1:1\"]\n"}},
                {"a.yaml", "over/b.yaml"});
  CHECK(merged.file.origins.at("/services/s/image").line == 3);
  CHECK(merged.file.origins.at("/services/s/ports/0").name == "over/b.yaml");
  CHECK(merged.file.origins.at("/services/s/ports/0").line == 4);
  CHECK(merged.paths == std::set<std::string>{"a.yaml", "over/b.yaml"});
}

TEST_CASE("merge: a service extends others, and their paths are its own") {
  const std::string text =
      merged_of({{"deploy/compose.yaml",
                  "services:\n  s:\n    extends: {file: ../common/base.yaml, service: web}\n"
                  "    environment: {B: 2}\n  t: {extends: s, command: x}\n"},
                 {"common/base.yaml",
                  "services:\n  web:\n    extends: {service: base}\n    environment: [A=1, B=1]\n"
                  "    volumes: [\"./conf:/c:ro\", \"data:/d\", \"/srv:/s\"]\n"
                  "  base: {image: a:1, env_file: app.env}\n"}},
                {"deploy/compose.yaml"})
          .file.text;
  INFO(text);
  const Json services =
      release::YamlDocument::parse(text, "merged", release::Yaml::foreign).value().at("services");
  CHECK(services.at("s").dump() ==
        R"({"env_file":"./../common/app.env","environment":{"A":"1","B":2},"image":"a:1",)"
        R"("volumes":["./../common/conf:/c:ro","data:/d","/srv:/s"]})");
  CHECK(services.at("t").at("command") == "x");
  CHECK(services.at("t").at("image") == "a:1");
}

TEST_CASE("merge: files are included, with their own folder and files over them") {
  const std::string text = merged_of({{"compose.yaml",
                                       "include:\n  - db/compose.yaml\n"
                                       "  - path: [cache/a.yaml, cache/b.yaml]\n"
                                       "services: {web: {image: a:1}}\n"},
                                      {"db/compose.yaml",
                                       "services: {db: {image: p:1, volumes: [\"./init:/i\"]}}\n"
                                       "volumes: {rows: {}}\n"},
                                      {"cache/a.yaml", "services: {cache: {image: c:1}}\n"},
                                      {"cache/b.yaml", "services: {cache: {command: x}}\n"}},
                                     {"compose.yaml"})
                               .file.text;
  INFO(text);
  const Json root = release::YamlDocument::parse(text, "merged", release::Yaml::foreign).value();
  CHECK(root.at("services").at("db").at("volumes").dump() == R"(["./db/init:/i"])");
  CHECK(root.at("services").at("cache").dump() == R"({"command":"x","image":"c:1"})");
  CHECK(root.at("volumes").contains("rows"));
  CHECK_FALSE(root.contains("include"));
}

TEST_CASE("merge: circles, strangers and contradictions are refused with their line") {
  const auto one = [](const std::string& text) {
    return refused_project({{"a.yaml", text}, {"b.yaml", "include: [a.yaml]\n"}}, {"a.yaml"});
  };
  CHECK(one("services:\n  a:\n    extends: b\n  b: {extends: a}\n")
            .find("a.yaml:4: extends itself") != std::string::npos);
  CHECK(one("include: [b.yaml]\n").find("includes itself: a.yaml -> b.yaml -> a.yaml") !=
        std::string::npos);
  CHECK(one("include: [../x.yaml]\n").find("a.yaml:1: names ../x.yaml, expected a file below") !=
        std::string::npos);
  CHECK(one("include: [\"https://x/y.yaml\"]\n")
            .find("names https://x/y.yaml, expected a file below") != std::string::npos);
  CHECK(one("include: [none.yaml]\n").find("none.yaml: found no such file") != std::string::npos);
  CHECK(one("services:\n  a: {extends: {service: z}}\n")
            .find("extends the service z, which a.yaml") != std::string::npos);
  CHECK(one("services:\n  a: !other {image: a}\n").find("found the tag !other") !=
        std::string::npos);
  CHECK(one("{{#A}}\nservices: {}\n{{/A}}\ninclude: [b.yaml]\n").find("found {{#A}}, a section") !=
        std::string::npos);
  CHECK(refused_project({{"a.yaml", "services: {a: {labels: [x]}}"}, {"b.yaml", "services: [b]"}},
                        {"a.yaml", "b.yaml"})
            .find("b.yaml:1: found a list, expected a mapping as in a.yaml:1") !=
        std::string::npos);
  CHECK(refused_project({{"a.yaml", "include: [b/c.yaml]\nservices: {x: {image: a}}\n"},
                         {"b/c.yaml", "services: {x: {image: b}}\n"}},
                        {"a.yaml"})
            .find("services.x is in b/c.yaml:1 as well") != std::string::npos);
  CHECK(refused_project({{"a.yaml", "include: [b/c.yaml]\n"},
                         {"b/c.yaml", "services: {x: {image: \"b:${V}\"}}\n"},
                         {"b/.env", "V=1\nW=2\n"}},
                        {"a.yaml"})
            .find("b/.env gives what is included variables of its own: V") != std::string::npos);
}

TEST_CASE("merge: a file that says all by itself is carried as it is") {
  CHECK_FALSE(needs_merge("services: {a: {image: b}}", "a.yaml"));
  CHECK_FALSE(needs_merge("services:\n{{#A}}\n  a: {image: b}\n{{/A}}\n", "a.yaml"));
  CHECK(needs_merge("services: {a: {image: {{B}}, extends: c}}", "a.yaml"));
  CHECK(needs_merge("include: [b.yaml]", "a.yaml"));
  CHECK(needs_merge("services: {a: {image: b, ports: !reset []}}", "a.yaml"));
}

}  // namespace sealift::compose::project_test
