// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/hashed_assets.hpp"

#include <catch2/catch.hpp>

namespace sealift::builder::hashed_assets_test {

namespace {

using release::Serving;
using Files = std::set<std::string>;

// A component's files, and what is in those that are manifests.
struct Project {
  Files files;
  std::map<std::string, std::string> manifests = {};
  Serving said = {};

  HashedAssets find() const {
    return find_hashed(files, said, [&](const std::string& path) -> std::optional<std::string> {
      const auto found = manifests.find(path);
      if (found == manifests.end()) return std::nullopt;
      return found->second;
    });
  }

  Files immutable() const {
    const HashedAssets hashed = find();
    Files immutable;
    for (const std::string& path : files) {
      if (hashed.serving.cache_of(path).is_immutable()) immutable.insert(path);
    }
    return immutable;
  }
};

}  // namespace

TEST_CASE("hashed assets: what Vite's manifest names, also where it is not released itself") {
  const Project project{
      .files = {"index.html", "assets/index-DiwrgTda.js", "assets/index-DiwrgTda.js.map",
                "assets/style-a_-bCd3f.css", "assets/logo-MaterialUi.svg", "assets/worker.js"},
      .manifests = {{".vite/manifest.json", R"({
        "index.html": {"file": "assets/index-DiwrgTda.js", "name": "index", "src": "index.html",
                       "isEntry": true, "css": ["assets/style-a_-bCd3f.css"],
                       "assets": ["assets/logo-MaterialUi.svg"]},
        "src/worker.ts": {"file": "assets/worker.js", "name": "worker"},
        "src/gone.ts": {"file": "assets/gone-B3xK9qLm.js", "name": "gone"}})"}}};
  CHECK(project.immutable() == Files{"assets/style-a_-bCd3f.css"});
  const HashedAssets hashed = project.find();
  REQUIRE(hashed.serving.rules().size() == 1);
  CHECK(hashed.serving.rules().front().match == "assets/*-????????.css");
  CHECK(hashed.found.at(".vite/manifest.json").size() == 1);
}

TEST_CASE("hashed assets: manifests of webpack, with URLs, numbers and stats") {
  const Project map{.files = {"static/js/main.B3xK_qLm.js", "static/js/main.B3xK_qLm.js.map",
                              "static/js/run.js", "asset-manifest.json"},
                    .manifests = {{"asset-manifest.json", R"({"files": {
        "main.js": "https://cdn.example/app/static/js/main.B3xK_qLm.js?v=1",
        "run.js": "/static/js/run.js"}, "entrypoints": ["static/js/main.B3xK_qLm.js"]})"}}};
  CHECK(map.immutable() == Files{"static/js/main.B3xK_qLm.js", "static/js/main.B3xK_qLm.js.map"});
  const Project stats{.files = {"main.a1B_c2D3.js", "plain.a1B_c2D4.js", "stats.json"},
                      .manifests = {{"stats.json", R"({"time": 1.5, "assets": [
        {"name": "main.a1B_c2D3.js", "info": {"immutable": true}},
        {"name": "plain.a1B_c2D4.js", "info": {}}]})"}}};
  CHECK(stats.immutable() == Files{"main.a1B_c2D3.js"});
}

TEST_CASE("hashed assets: a manifest that lies makes no word a hash") {
  Project project{.files = {"assets/icons-MaterialUi.js", "assets/app.js", "assets/my-component.js",
                            "assets/photo-1920x1080.jpg", "assets/day-20241131.js",
                            "assets/i18nData.js", "assets/550e8400-e29b-41d4-a716-44665544000a.js",
                            "index.html"}};
  std::string all = "{";
  for (const std::string& file : project.files) {
    for (const std::string name : {"", "icons", "photo"}) {
      all += "\"" + name + file + "\": {\"file\": \"" + file + "\", \"name\": \"" + name + "\"}, ";
    }
  }
  project.manifests["manifest.json"] = all + "\"start_url\": \"/index.html\"}";
  CHECK(project.immutable().empty());
  for (const char* broken : {"", "{", "[1]", "\"a\"", "{\"files\": 3, \"assets\": [4, {}]}"}) {
    project.manifests["manifest.json"] = broken;
    CHECK(project.immutable().empty());
  }
}

TEST_CASE("hashed assets: folders of Next and SvelteKit are hashed as a whole") {
  const Project next{.files = {"index.html", "_next/static/B1d-x/_buildManifest.js",
                               "_next/static/chunks/app/[slug]/page.js", "_next/data/x.json",
                               "static/logo.png"}};
  CHECK(next.immutable() ==
        Files{"_next/static/B1d-x/_buildManifest.js", "_next/static/chunks/app/[slug]/page.js"});
  const Project svelte{.files = {"_app/version.json", "_app/immutable/nodes/0.js", "robots.txt"}};
  CHECK(svelte.immutable() == Files{"_app/immutable/nodes/0.js"});
}

TEST_CASE("hashed assets: files named alike, of which many are certain, prove each other") {
  Project project{.files = {"assets/index-BQ7r9xaZ.js", "assets/index-BQ7r9xaZ.js.map",
                            "assets/page-D_x-kQab.js", "assets/page-D_x-kQab.js.map",
                            "assets/icon-GoogleUi.svg", "index.html"}};
  CHECK(project.immutable() == Files{"assets/index-BQ7r9xaZ.js", "assets/index-BQ7r9xaZ.js.map",
                                     "assets/page-D_x-kQab.js", "assets/page-D_x-kQab.js.map"});
  project.files.insert("assets/icons-MaterialUi.js");
  CHECK(project.immutable() == Files{"assets/index-BQ7r9xaZ.js", "assets/index-BQ7r9xaZ.js.map"});
}

TEST_CASE("hashed assets: what release.yaml says comes first, and its types stay") {
  Project project{
      .files = {"assets/page-D_x-kQab.mjs", "assets/old-D_x-kQac.mjs"},
      .manifests = {{"manifest.json",
                     R"({"a": {"file": "assets/page-D_x-kQab.mjs", "name": "page"},
                                     "b": {"file": "assets/old-D_x-kQac.mjs", "name": "old"}})"}},
      .said = Serving({{.match = "assets/old-*", .cache = release::CacheClass::no_cache()},
                       {.match = "**/*.mjs", .type = "text/javascript", .cache = {}}})};
  CHECK(project.immutable() == Files{"assets/page-D_x-kQab.mjs"});
  CHECK(project.find().serving.type_of("assets/page-D_x-kQab.mjs") == "text/javascript");
}

TEST_CASE("hashed assets: a pattern has exceptions, and maps are as what they map") {
  const Project project{
      .files = {"assets/a-D_x-kQab.js", "assets/b-D_x-kQac.js", "assets/b-D_x-kQac.js.map",
                "assets/c-document.js", "js/7.3f9a1c2e.chunk.js", "js/7.3f9a1c2e.chunk.js.map"},
      .manifests = {{"manifest.json", R"({"a": {"file": "assets/a-D_x-kQab.js", "name": "a"},
                                          "b": {"file": "assets/b-D_x-kQac.js", "name": "b"},
                                          "c": {"file": "assets/c-document.js", "name": "c"}})"}}};
  CHECK(project.immutable() == Files{"assets/a-D_x-kQab.js", "assets/b-D_x-kQac.js",
                                     "assets/b-D_x-kQac.js.map", "js/7.3f9a1c2e.chunk.js",
                                     "js/7.3f9a1c2e.chunk.js.map"});
  const auto rules = project.find().serving.rules();
  REQUIRE(rules.size() == 4);
  CHECK(rules[0].match == "assets/c-document.js");
  CHECK(rules[1].match == "assets/*-????????.js");
}

TEST_CASE("hashed assets: more rules than there is room for leave files out") {
  Project project;
  std::string manifest = "{";
  for (int i = 100; i < 500; ++i) {
    // Beside each a file that the pattern would match too.
    const std::string folder = "a" + std::to_string(i) + "/";
    project.files.insert({folder + "page-D_x-kQab.js", folder + "page-document.js"});
    manifest += "\"" + folder + "\": {\"file\": \"" + folder + "page-D_x-kQab.js\"}, ";
  }
  project.manifests["manifest.json"] = manifest + "\"x\": {}}";
  CHECK(project.immutable().size() == release::kMaxServeRules);
}

}  // namespace sealift::builder::hashed_assets_test
