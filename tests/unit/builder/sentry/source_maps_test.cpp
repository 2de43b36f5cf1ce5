// SPDX-License-Identifier: Apache-2.0
#include "builder/sentry/source_maps.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "base/format.hpp"
#include "builder/sentry/artifact_bundle.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::builder::source_maps_test {

namespace {

const char* const kMap = R"({"version":3,"mappings":"AAAA","sourcesContent":["let a"]})";
const std::string kId = "85314830-023f-4cf1-a267-535f4e37bb17";

using Lines = std::vector<std::string>;

struct Client {
  Client() {
    fs::create_directories(folder / "client/assets");
    fs::create_directory(folder / "environments");
    write_file(folder / "environments/production.yaml", "schema: 1\nvalues: {}\n");
  }

  void file(const std::string& path, const std::string& content) {
    std::ofstream(folder / "client" / path) << content;
  }

  SourceMaps read(const std::string& keys = "") {
    write_file(
        folder / "release.yaml",
        format("schema: 1\nname: demo\nversion: 1.0.0\nenvironments: [production]\n"
               "components:\n  - {{name: web, kind: assets, source: client, target: web, {}}}\n",
               keys));
    const release::Release release = release::load_release(folder / "release.yaml");
    Problems problems;
    SourceMaps maps = source_maps_of(release, release.components.front(), "~/", problems);
    mistakes.clear();
    for (const Problem& each : problems.all()) mistakes.push_back(each.message);
    return maps;
  }

  tests::ScratchFolder folder;
  Lines mistakes;
};

Lines urls_of(const SourceMaps& maps) {
  Lines urls;
  for (const SentryFile& each : maps.files) urls.push_back(each.url);
  return urls;
}

}  // namespace

TEST_CASE("source maps: a script is found with the map that it names, or the one beside it",
          "[builder]") {
  Client client;
  client.file("assets/a b.js", "a()\n//# sourceMappingURL=maps%20of/a.map\n");
  fs::create_directory(client.folder / "client/assets/maps of");
  client.file("assets/maps of/a.map", kMap);
  client.file("hidden.mjs", "b()");
  client.file("hidden.mjs.map", kMap);
  client.file("inside.js", "c()\n//# sourceMappingURL=data:application/json;base64,e30=");
  client.file("plain.js", "d()\n//# sourceMappingURL=https://elsewhere.example/d.js.map");
  client.file("style.css.map", kMap);
  const SourceMaps maps = client.read("exclude: ['**/*.map']");
  CHECK(client.mistakes == Lines{});
  CHECK(urls_of(maps) == Lines{"~/assets/a%20b.js", "~/assets/maps%20of/a.map", "~/hidden.mjs",
                               "~/hidden.mjs.map", "~/inside.js"});
  CHECK(maps.files[0].source_map == "maps%20of/a.map");
  CHECK(maps.files[2].source_map == "hidden.mjs.map");
  CHECK(maps.files[4].source_map.empty());
  CHECK(maps.without_map == Lines{"plain.js"});
  CHECK(maps.served.empty());
  CHECK(client.read().served == Lines{"assets/maps of/a.map", "hidden.mjs.map", "style.css.map"});
}

TEST_CASE("source maps: script and map have one debug id, or none", "[builder]") {
  Client client;
  const std::string script = "a()\n//# debugId=" + kId + "\n//# sourceMappingURL=a.js.map\n";
  client.file("a.js", script);
  client.file("a.js.map",
              format(R"({{"mappings":"A","debug_id":"{}","sourcesContent":["a"]}})", kId));
  SourceMaps maps = client.read();
  CHECK(maps.findings.empty());
  CHECK(maps.files.at(0).debug_id == kId);
  CHECK(maps.files.at(1).debug_id == kId);
  client.file("a.js.map", kMap);
  maps = client.read();
  CHECK(client.mistakes == Lines{});
  REQUIRE(maps.findings.size() == 1);
  CHECK(maps.findings[0].message ==
        "components.web: a.js: a debug id stands in only one of script and map");
  client.file("a.js.map", R"({"mappings":"A","debugId":"00000000-023f-4cf1-a267-535f4e37bb17"})");
  client.read();
  CHECK(client.mistakes == Lines{"components.web: a.js: found the debug id " + kId +
                                 ", its map a.js.map has 00000000-023f-4cf1-a267-535f4e37bb17"});
}

TEST_CASE("source maps: all mistakes are told", "[builder]") {
  Client client;
  client.file("a.js", "a()");
  client.file("a.js.map", "{");
  client.file("b.js", "b()");
  client.file("b.js.map", "[]");
  client.file("c.js", "\xff");
  client.file("c.js.map", kMap);
  const SourceMaps maps = client.read();
  REQUIRE(client.mistakes.size() == 3);
  CHECK(client.mistakes[0].starts_with("components.web: a.js.map"));
  CHECK(client.mistakes[1] == "components.web: b.js.map: found no mappings, expected a source map");
  CHECK(client.mistakes[2] == "components.web: c.js: found bytes that are no UTF-8");
}

TEST_CASE("artifact bundle: the same files make the same bytes", "[builder]") {
  std::vector<SentryFile> files = {
      {SentryFile::Sort::script, "~/a.js", "a()", kId, "a.js.map"},
      {SentryFile::Sort::map, "https://cdn.example/a.js.map", kMap, kId, ""}};
  const SentryRelease release{"shop", {"web"}, "demo@1.0.0", ""};
  const std::string bundle = artifact_bundle(files, release);
  CHECK(bundle.starts_with(std::string("SYSB\x02\0\0\0PK", 10)));
  CHECK(bundle.find("files/_/_/a.js") != bundle.npos);
  CHECK(bundle.find("files/https/cdn.example/a.js.map") != bundle.npos);
  CHECK(artifact_bundle(files, release) == bundle);
  files.front().content = "b()";
  CHECK(artifact_bundle(files, release) != bundle);
}

}  // namespace sealift::builder::source_maps_test
