// SPDX-License-Identifier: Apache-2.0
#include "release/project/release_file.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::release::release_file_test {

using tests::error_of;
using tests::messages;

namespace {

const std::string kRelease = R"(schema: 1
name: chanuka
version: 1.0.0
environments: [production]
requires: {upgrade_from: ">=1.0.0"}
notes: CHANGES.md
components:
  - {name: web, kind: assets, source: client/dist, exclude: ["**/*.map"], target: web}
  - {name: site, kind: config, source: config, target: etc, optional: true}
)";

struct Sources {
  Sources() {
    fs::create_directory(folder / "environments");
    write_file(folder / "environments/production.yaml", "schema: 1\nvalues: {A: b}\n");
    write_file(folder / "CHANGES.md", "# Changes\n");
  }
  Release load(const std::string& text) const {
    write_file(folder / "release.yaml", text);
    return load_release(folder / "release.yaml");
  }
  std::string refused(const std::string& from, const std::string& to) const {
    std::string text = kRelease;
    text.replace(text.find(from), from.size(), to);
    return messages(error_of([&] { load(text); }));
  }
  tests::ScratchFolder folder;
};

}  // namespace

TEST_CASE("release.yaml: what the author wrote is read") {
  const Sources sources;
  const Release release = sources.load(kRelease);
  CHECK(release.name == "chanuka");
  CHECK(release.version.str() == "1.0.0");
  CHECK(release.upgrade_from == ">=1.0.0");
  CHECK(release.notes == "# Changes\n");
  REQUIRE(release.environments.size() == 1);
  CHECK(release.environments[0].values.at("A") == "b");
  REQUIRE(release.components.size() == 2);
  CHECK(release.components[0].exclude == std::vector<std::string>{"**/*.map"});
  CHECK_FALSE(release.components[0].optional);
  CHECK(release.components[1].optional);
  CHECK(release.components[1].line == 9);
}

TEST_CASE("release.yaml: ten mistakes are reported as ten, each with its line") {
  const Sources sources;
  const auto ten = error_of([&] {
    sources.load(R"(schema: 2
name: Chanuka!
version: 1.0.x
environments: []
requires:
  upgrade_from: 1.0.0
notes: CHANGES.md
components:
  - name: web
    kind: asset
    source: /client/dist
    taget: web
  - name: web
    kind: config
    source: config
)");
  });
  REQUIRE(ten);
  std::string lines;
  const std::string file = (sources.folder / "release.yaml").string() + ":";
  for (const Problem& problem : ten->problems()) {
    REQUIRE(problem.message.starts_with(file));
    const std::string rest = problem.message.substr(file.size());
    lines += rest.substr(0, rest.find(':')) + " ";
  }
  CAPTURE(messages(ten));
  // Line 13 repeats a name and misses "target". What "asset" would need is not known.
  CHECK(lines == "1 2 3 4 6 10 11 12 13 13 ");
  CHECK(ten->problems().size() == 10);
  CHECK(ten->code() == Errc::invalid_input);
  bool hinted = false;
  for (const Problem& problem : ten->problems()) {
    hinted |= problem.hint == "did you mean \"target\"?";
  }
  CHECK(hinted);
}

TEST_CASE("release.yaml: one that is not there is told from one with another name") {
  const Sources sources;
  const auto hint = [&](const char* name) {
    return error_of([&] { load_release(sources.folder / name); })->hint();
  };
  CHECK(hint("release.yml").find("sealift init") != std::string::npos);
  sources.load(kRelease);
  CHECK(hint("release.yml").starts_with("did you mean "));
}

TEST_CASE("release.yaml: one mistake is one message") {
  const Sources sources;
  const std::string kind = sources.refused("kind: assets", "kind: asset");
  CHECK(kind.find("found \"asset\", expected one of") != std::string::npos);
  CHECK(std::count(kind.begin(), kind.end(), '\n') == 1);
  const std::string environment = sources.refused("[production]", "[production, staging]");
  CHECK(environment.find("staging.yaml: is not there, expected the values of staging") !=
        std::string::npos);
  CHECK(std::count(environment.begin(), environment.end(), '\n') == 1);
  CHECK(sources.refused("CHANGES.md", "CHANGE.md").find("notes: found no file CHANGE.md") !=
        std::string::npos);
}

TEST_CASE("release.yaml: no path leaves the folder") {
  const Sources sources;
  for (const char* path : {"/etc", "..", "../x", "a/../../x", "./a", "a//b", "\"a\\u202eb\""}) {
    CAPTURE(path);
    CHECK(sources.refused("client/dist", path).find("components[0].source") != std::string::npos);
    CHECK(sources.refused("CHANGES.md", path).find("notes") != std::string::npos);
  }
}

TEST_CASE("release.yaml: two components share neither name nor target") {
  const Sources sources;
  CHECK(sources.refused("name: site", "name: web").find("two components are named") !=
        std::string::npos);
  CHECK(sources.refused("target: etc", "target: web").find("two components go to") !=
        std::string::npos);
}

TEST_CASE("release.yaml: which keys an output has follows from its format") {
  const Sources sources;
  const auto refused = [&](const std::string& outputs) {
    return sources.refused("target: etc", "target: etc, outputs: [" + outputs + "]");
  };
  CHECK(refused("{file: ../a, format: json}").find("outputs[0].file") != std::string::npos);
  CHECK(refused("{file: a, format: compose}").find("found no services") != std::string::npos);
  CHECK(refused("{file: a, format: kubernetes}").find("found no name") != std::string::npos);
  for (const char* extra : {"services: [a]", "name: a", "namespace: a"}) {
    CHECK(refused("{file: a, format: json, " + std::string(extra) + "}")
              .find("which the format json does not have") != std::string::npos);
  }
  CHECK(sources.refused("target: web", "target: web, outputs: [{file: a, format: json}]")
            .find("found outputs, which assets do not have") != std::string::npos);
}

TEST_CASE("release.yaml: mistakes in environments and notes are found together") {
  const Sources sources;
  write_file(sources.folder / "environments/production.yaml", "schema: 1\nvalues: {A: [[1]]}\n");
  const std::string all = sources.refused("CHANGES.md", "MISSING.md");
  CHECK(all.find("production.yaml:2") != std::string::npos);
  CHECK(all.find("MISSING.md") != std::string::npos);
  CHECK(sources.refused("[production]", "[production, staging]").find("staging.yaml") !=
        std::string::npos);
}

TEST_CASE("release.yaml: what assets say is read, and every mistake in it is named") {
  const Sources sources;
  std::string text = kRelease;
  const std::string plain = "exclude: [\"**/*.map\"], ";
  text.replace(text.find(plain), plain.size(),
               "compress: [brotli], keep_previous: 2, serve: [{match: \"a/**\", cache: 60}], ");
  const AssetsEntry assets = sources.load(text).components[0].assets;
  CHECK(assets.compress == std::vector<std::string>{"brotli"});
  CHECK(assets.keep_previous == 2);
  CHECK(assets.serving.cache_of("a/b").header() == "public, max-age=60");
  CHECK(assets.integrity.empty());
  const std::string found = sources.refused(plain,
                                            "compress: [zstd], keep_previous: 21, serve: [{match: "
                                            "\"/a\", cache: forever}, {match: b}], ");
  for (const char* said :
       {"release.yaml:8: components[0].compress[0]: found \"zstd\", expected one of gzip, brotli",
        "release.yaml:8: components[0].keep_previous: found the number 21",
        "release.yaml:8: components[0].serve[0].match: found \"/a\"",
        "release.yaml:8: components[0].serve[0].cache: found \"forever\", expected immutable",
        "release.yaml:8: components[0].serve[1]: found neither type nor cache"}) {
    CAPTURE(found, said);
    CHECK(found.find(said) != std::string::npos);
  }
  CHECK(
      sources.refused("optional: true", "keep_previous: 1")
          .find("release.yaml:9: components[1].keep_previous: found keep_previous, which config") !=
      std::string::npos);
}

}  // namespace sealift::release::release_file_test
