// SPDX-License-Identifier: Apache-2.0
#include "builder/kind/outputs.hpp"

#include <catch2/catch.hpp>

#include "release/templates/template.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::builder::outputs_test {

using release::OutputEntry;
using tests::error_of;
using tests::messages;

namespace {

// Three keys: one of text, one that is optional, one secret, and one that only environments have.
release::Release sample() {
  const tests::ScratchFolder folder;
  make_dirs(folder / "environments");
  write_file(folder / "environments/schema.json",
             R"({"schema": 1, "keys": {
                  "API_URL": {"means": "m", "required": true},
                  "API_NOTE": {"means": "m"},
                  "API_TOKEN": {"means": "m", "required": true, "secret": true}}})");
  release::Release release{.folder = folder.path(),
                           .name = "chanuka",
                           .version = release::Version::parse("1.0.0"),
                           .source_revision = {},
                           .environments = {},
                           .contract = release::Contract::load(folder.path()),
                           .upgrade_from = {},
                           .installer = {},
                           .arch = {},
                           .notes = {},
                           .trust = {},
                           .registries = {},
                           .image_rules = {},
                           .image_limits = {},
                           .locked = {},
                           .components = {}};
  release.environments.push_back({.name = "e", .values = {{"API_URL", "x"}, {"PORT", 1}}});
  return release;
}

OutputEntry output(const std::string& format_word, std::vector<std::string> keys) {
  OutputEntry made;
  made.file = "a";
  made.format = format_word;
  made.keys = std::move(keys);
  return made;
}

std::map<std::string, std::string> made(std::vector<OutputEntry> outputs) {
  release::ComponentEntry entry;
  entry.name = "etc";
  entry.outputs = std::move(outputs);
  return outputs_of(entry, sample());
}

std::string refused(std::vector<OutputEntry> outputs) {
  const auto error = error_of([&] { made(std::move(outputs)); });
  if (error) CHECK(error->code() == Errc::invalid_input);
  return messages(error);
}

std::string rendered(const std::string& text, const release::Values& values) {
  return release::Template::parse(text, "t").render(values);
}

const release::Values kValues = {{"API_URL", "https://a"},
                                 {"API_NOTE", nullptr},
                                 {"API_TOKEN", "s3cret"},
                                 {"PORT", 1},
                                 {"LIST", Json::array({"a b"})}};

}  // namespace

TEST_CASE("outputs: without keys, every key that is no secret is written") {
  CHECK(rendered(made({output("dotenv", {})}).at("a"), kValues) == "API_URL=https://a\nPORT=1\n");
  release::Values values = kValues;
  values["API_NOTE"] = "";
  CHECK(rendered(made({output("dotenv", {})}).at("a"), values) ==
        "API_NOTE=\nAPI_URL=https://a\nPORT=1\n");
}

TEST_CASE("outputs: patterns choose keys, but secrets only where they are named") {
  CHECK(rendered(made({output("dotenv", {"API_*"})}).at("a"), kValues) == "API_URL=https://a\n");
  CHECK(rendered(made({output("dotenv", {"API_*", "API_TOKEN"})}).at("a"), kValues) ==
        "API_TOKEN=s3cret\nAPI_URL=https://a\n");
  OutputEntry without = output("dotenv", {});
  without.exclude_keys = {"API_*"};
  CHECK(rendered(made({without}).at("a"), kValues) == "PORT=1\n");
}

TEST_CASE("outputs: what is not portable goes to the override, where services are named") {
  OutputEntry both = output("dotenv", {"API_URL", "PORT"});
  both.services = {"api"};
  const auto files = made({both});
  const release::Values values = {{"API_URL", "a $b"}, {"PORT", 1}};
  CHECK(rendered(files.at("a"), values) == "PORT=1\n");
  CHECK(rendered(files.at("a.override.yaml"), values) ==
        "services:\n  \"api\":\n    environment: {\n      \"API_URL\": \"a $$b\",\n      }\n");
  CHECK(rendered(files.at("a.override.yaml"), kValues) ==
        "services:\n  \"api\":\n    environment: {\n      }\n");
  const std::string said =
      messages(error_of([&] { rendered(made({output("dotenv", {"API_URL"})}).at("a"), values); }));
  CHECK(said.find("t:1: API_URL holds a blank") != std::string::npos);
  CHECK(said.find("a $b") == std::string::npos);
}

TEST_CASE("outputs: JSON and YAML keep types, and have null where there is no value") {
  CHECK(parse_json(rendered(made({output("json", {})}).at("a"), kValues), "a") ==
        Json{{"API_NOTE", nullptr}, {"API_URL", "https://a"}, {"PORT", 1}});
  CHECK(rendered(made({output("yaml", {})}).at("a"), kValues) ==
        "\"API_NOTE\": null\n\"API_URL\": \"https://a\"\n\"PORT\": 1\n");
}

TEST_CASE("outputs: secrets of Kubernetes stand in a Secret, everything else in a ConfigMap") {
  OutputEntry objects = output("kubernetes", {"API_*", "PORT"});
  objects.name = "chanuka";
  objects.name_space = "prod";
  CHECK(rendered(made({objects}).at("a"), kValues) ==
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: \"chanuka\"\n  namespace: \"prod\"\n"
        "data:\n  \"API_URL\": \"https://a\"\n  \"PORT\": \"1\"\n---\n"
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"chanuka\"\n  namespace: \"prod\"\n"
        "stringData:\n  \"API_TOKEN\": \"s3cret\"\n");
}

TEST_CASE("outputs: keys that do not exist and files that clash are mistakes, all at once") {
  const std::string all = refused({output("json", {"API_URI"}), output("json", {"X_*"}),
                                   output("yaml", {"PORT"}), output("dotenv", {"PORT"})});
  CHECK(all.find("outputs.a.keys: \"API_URI\" is no key") != std::string::npos);
  CHECK(all.find("\"X_*\" is no key") != std::string::npos);
  CHECK(all.find("two outputs write a") != std::string::npos);
  const auto error = error_of([] { made({output("json", {"API_URI"})}); });
  REQUIRE(error);
  CHECK(error->hint() == "did you mean \"API_URL\"?");
  CHECK(refused({output("dotenv", {"API_TOK*"})}).find("has no key") != std::string::npos);
}

TEST_CASE("outputs: of a configuration without keys are empty documents, not mistakes") {
  release::Release bare = sample();
  bare.contract = {};
  bare.environments[0].values.clear();
  release::ComponentEntry entry;
  entry.name = "etc";
  for (const char* word : {"dotenv", "json", "yaml", "kubernetes"}) {
    OutputEntry one = output(word, {});
    one.file = word;
    entry.outputs.push_back(one);
  }
  const auto files = outputs_of(entry, bare);
  CHECK(files.at("dotenv").empty());
  CHECK(files.at("json") == "{}\n");
  CHECK(files.at("yaml") == "{}\n");
  CHECK(files.at("kubernetes").find("kind: ConfigMap") != std::string::npos);
  entry.outputs = {output("json", {"A"})};
  CHECK(error_of([&] { outputs_of(entry, bare); }));
}

}  // namespace sealift::builder::outputs_test
