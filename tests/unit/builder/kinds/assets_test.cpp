// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fstream>

#include "base/format.hpp"
#include "builder/kind/kind.hpp"
#include "builder/kinds/registry.hpp"
#include "release/documents/file_table.hpp"
#include "signing/base64.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::builder::assets_test {

using tests::error_of;
using tests::messages;

namespace {

struct Client {
  Client() {
    fs::create_directories(folder / "client/assets");
    fs::create_directory(folder / "environments");
    write_file(folder / "environments/production.yaml", "schema: 1\nvalues: {}\n");
  }

  void file(const std::string& path, const std::string& content) {
    // write_file() makes a longer name first, for which some of these have no place.
    std::ofstream(folder / "client" / path) << content;
  }

  BuiltComponent build(const std::string& keys, std::size_t cores) {
    write_file(
        folder / "release.yaml",
        format("schema: 1\nname: demo\nversion: 1.0.0\nenvironments: [production]\n"
               "components:\n  - {{name: web, kind: assets, source: client, target: web, {}}}\n",
               keys));
    const release::Release release = release::load_release(folder / "release.yaml");
    Workers workers(cores);
    bundle::Spool spool(folder.path(), workers, {});
    Silence silence;
    BuiltComponent built = kind_named("assets").build(
        release.components.front(), {release, {}, before, spool, workers, silence});
    table = spool.bytes(built.component.file_table().digest);
    return built;
  }

  std::vector<std::string> paths() const {
    std::vector<std::string> paths;
    StringSource source(table);
    release::FileTableReader reader(source);
    while (const auto entry = reader.next()) paths.push_back(entry->path.str());
    return paths;
  }

  tests::ScratchFolder folder;
  SizesBefore before;
  std::string table;
};

const std::string kScript = [] {
  std::string text;
  for (int line = 0; line < 200; ++line) text += format("export const line{} = {};\n", line, line);
  return text;
}();

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("assets: compressed files take their place in the order of the tree") {
  Client client;
  client.file("assets/app.js", kScript);
  client.file("assets/app.js-x", kScript);  // '-' sorts before '.'
  client.file("assets/app.js0", kScript);   // '0' behind it
  client.file("assets/small.css", "a {}");
  client.file("assets/picture.png", kScript);
  client.build("compress: [gzip, brotli]", 2);
  CHECK(client.paths() == Paths{"assets", "assets/app.js", "assets/app.js-x", "assets/app.js.br",
                                "assets/app.js.gz", "assets/app.js0", "assets/picture.png",
                                "assets/small.css"});
  client.build("compress: [gzip]", 2);
  CHECK(client.paths().size() == 7);
  client.build("keep_previous: 1", 2);
  CHECK(client.paths().size() == 6);
}

TEST_CASE("assets: a compressed file that the author made, or does not want, is not made") {
  Client client;
  client.file("app.js", kScript);
  client.file("app.js.gz", "the author's");
  client.file("other.js", kScript);
  client.build("compress: [gzip, brotli], exclude: [other.js.br]", 2);
  CHECK(client.paths() ==
        Paths{"app.js", "app.js.br", "app.js.gz", "assets", "other.js", "other.js.gz"});
  CHECK(client.table.find(Digest::of("the author's").hex()) != std::string::npos);
}

TEST_CASE("assets: the content type that was said decides what is compressed") {
  Client client;
  client.file("model.bin", kScript);
  client.file("page.html", kScript);
  client.build(
      "compress: [gzip], serve: [{match: \"*.bin\", type: text/plain}, "
      "{match: \"*.html\", type: application/zip}]",
      1);
  CHECK(client.paths() == Paths{"assets", "model.bin", "model.bin.gz", "page.html"});
}

TEST_CASE("assets: one core and several make the same tree") {
  Client client;
  for (int i = 0; i < 40; ++i)
    client.file(format("assets/part{:02}.js", i), format("{}{}", i, kScript));
  const BuiltComponent one = client.build("compress: [gzip, brotli]", 1);
  const std::string table = client.table;
  const BuiltComponent four = client.build("compress: [gzip, brotli]", 4);
  CHECK(client.table == table);
  CHECK(client.paths().size() == 1 + 40 * 3);
  CHECK(one.component.manifest.layers == four.component.manifest.layers);
}

TEST_CASE("assets: the integrity of scripts and styles is what browsers compute") {
  Client client;
  client.file("assets/a.js", "abc");
  client.file("index.html", "<p>");
  const BuiltComponent built = client.build("integrity: [\"**/*.js\"]", 1);
  // FIPS 180-4, the example for SHA-384 of "abc".
  const std::string digest =
      "sha384-" + signing::to_base64(bytes_from_hex(
                      "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                      "8086072ba1e7cc2358baeca134c825a7"));
  CHECK(built.component.document.assets.integrity ==
        std::map<std::string, std::string>{{"assets/a.js", digest}});
  const auto values = release::asset_values(built.component);
  CHECK(values.at("integrity.web") ==
        Json::array({{{"path", "assets/a.js"}, {"integrity", digest}}}));
  CHECK(values.at("serve.web").size() == 2);
  CHECK(client.build("optional: true", 1).component.document.assets.integrity.empty());
  CHECK(client.build("integrity: [\"*.html\"]", 1).component.document.assets.integrity.size() == 1);
}

TEST_CASE("assets: a name that has no place for an ending gets no compressed file") {
  Client client;
  const std::string fits = std::string(249, 'a') + ".js";  // 252 bytes
  const std::string full = std::string(250, 'b') + ".js";
  client.file(fits, kScript);
  client.file(full, kScript);
  client.build("compress: [gzip, brotli]", 2);
  CHECK(client.paths() == Paths{fits, fits + ".br", fits + ".gz", "assets", full});
}

TEST_CASE("assets: a source that is a link to a folder is followed, a link to nothing is named") {
  Client client;
  client.file("app.js", "a");
  fs::rename(client.folder / "client", client.folder / "built");
  fs::create_directory_symlink("built", client.folder / "client");
  client.build("keep_previous: 1", 1);
  CHECK(client.paths() == Paths{"app.js", "assets"});
  fs::rename(client.folder / "built", client.folder / "gone");
  const auto error = error_of([&] { client.build("keep_previous: 1", 1); });
  CHECK(
      messages(error).find("components.web: client: found a symbolic link that leads to nothing") !=
      std::string::npos);
}

TEST_CASE("assets: what only a name calls immutable is listed") {
  Client client;
  client.file("assets/app.3f9a1c2e.js", "a");
  client.file("assets/app.js", "a");
  CHECK(client.build("keep_previous: 1", 1).guessed.at("their names") ==
        Paths{"assets/app.3f9a1c2e.js"});
  CHECK(client.build("serve: [{match: \"**\", cache: no-cache}]", 1).guessed.empty());
}

}  // namespace sealift::builder::assets_test
