// SPDX-License-Identifier: Apache-2.0
#include "release/documents/manifest.hpp"

#include <catch2/catch.hpp>

#include "content/media_types.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::release::manifest_test {

using tests::error_of;
using tests::messages;
using tests::refusal_of;

namespace {

ReleaseDocument sample() {
  return {.name = "chanuka",
          .version = "1.0.0",
          .created = parse_time("2026-01-01T00:00:00Z"),
          .source_revision = "abc",
          .environments = {{"production", {{"A", "b"}, {"N", 1U}, {"Z", nullptr}}}},
          .upgrade_from = ">=0.9.0",
          .installer = ">=0.1.0",
          .arch = {"amd64"},
          .components = {{"web", std::string(media_type::kAssets), "web", false},
                         {"extra", std::string(media_type::kConfig), "etc", true}}};
}

Manifest manifest() {
  return {.artifact_type = std::string(media_type::kAssets),
          .config = content::describe(media_type::kComponentConfig, "config"),
          .layers = {content::describe(media_type::kTree, "tree")},
          .subject = {}};
}

std::string with(const std::string& text, const char* pointer, const Json& value) {
  Json changed = parse_json(text, "doc");
  changed[JsonPointer(pointer)] = value;
  return to_canonical(changed);
}

}  // namespace

TEST_CASE("manifest: every document comes back byte for byte") {
  const std::string text = to_text(sample());
  CHECK(to_text(parse_release_document(text)) == text);
  const ComponentDocument component{
      .name = "web", .files = 1, .directories = 2, .symlinks = 3, .bytes = 4};
  CHECK(parse_component_document(to_text(component)) == component);
  ComponentDocument assets = component;
  assets.assets = {.serving = Serving({{.match = "a/**", .cache = CacheClass::immutable()}}),
                   .keep_previous = 3,
                   .integrity = {{"a.js", "sha384-" + std::string(64, 'A')}}};
  CHECK(parse_component_document(to_text(assets)) == assets);
  CHECK(refusal_of([&] {
          parse_component_document(with(to_text(component), "/assets", Json::object()));
        }) == Errc::corrupt);
  Manifest with_subject = manifest();
  with_subject.subject = content::describe(media_type::kImageIndex, "index");
  CHECK(to_text(parse_manifest(to_text(with_subject), "m")) == to_text(with_subject));
  const std::string index = release_index_text(manifest().layers);
  CHECK(parse_release_index(index) == manifest().layers);
}

TEST_CASE("manifest: a release document of a newer format is incompatible, not corrupt") {
  CHECK(refusal_of([] { parse_release_document(with(to_text(sample()), "/format", 2)); }) ==
        Errc::incompatible);
}

TEST_CASE("manifest: a release document with any rule broken is corrupt") {
  const std::string good = to_text(sample());
  for (const std::string& bad :
       {good + "\n",
        to_pretty(parse_json(good, "d")),
        std::string("{}"),
        with(good, "/extra", 1),
        with(good, "/format", "1"),
        with(good, "/name", "../x"),
        with(good, "/name", ""),
        with(good, "/name", ".x"),
        with(good, "/name", std::string(65, 'a')),
        with(good, "/name", "A"),
        with(good, "/version", "1.0"),
        with(good, "/created", "now"),
        with(good, "/environments", 1),
        with(good, "/environments/production", 1),
        with(good, "/environments/production/A", Json::array({Json::array()})),
        with(good, "/environments/UP", Json::object()),
        with(good, "/requires/extra", 1),
        with(good, "/requires/upgradeFrom", "x"),
        with(good, "/requires/installer", "x"),
        with(good, "/requires/upgradeFrom", ""),
        with(good, "/requires", Json::object()),
        with(good, "/requires/arch", "amd64"),
        with(good, "/sourceRevision", ""),
        with(good, "/components/0/extra", 1),
        with(good, "/components/0/name", "a/b"),
        with(good, "/components/0/target", ".."),
        with(good, "/components/0/optional", false),
        with(good, "/components", Json::object())}) {
    CAPTURE(bad);
    CHECK(refusal_of([&] { parse_release_document(bad); }) == Errc::corrupt);
  }
}

TEST_CASE("manifest: the name of a value is shown without its hidden characters") {
  const std::string text =
      with(to_text(sample()), "/environments/production/\u202e", Json::object());
  CHECK(messages(error_of([&] { parse_release_document(text); })) ==
        "release.json.environments.production.\\xe2\\x80\\xae: expected text, a whole number, "
        "true, false or a list of such\n");
}

TEST_CASE("manifest: a component document or manifest with any rule broken is corrupt") {
  const std::string document = to_text(
      ComponentDocument{.name = "web", .files = 1, .directories = 2, .symlinks = 3, .bytes = 4});
  for (const std::string& bad :
       {document + " ", with(document, "/extra", 1), with(document, "/files", -1),
        with(document, "/format", 0), with(document, "/bytes", "4")}) {
    CAPTURE(bad);
    CHECK(refusal_of([&] { parse_component_document(bad); }) == Errc::corrupt);
  }
  const std::string newer = with(document, "/format", 2);
  CHECK(refusal_of([&] { parse_component_document(newer); }) == Errc::incompatible);
  const std::string good = to_text(manifest());
  for (const std::string& bad :
       {good + " ", with(good, "/extra", 1), with(good, "/schemaVersion", 1),
        with(good, "/mediaType", "x"), with(good, "/layers", Json::array()),
        with(good, "/layers/0/digest", "sha256:00"), with(good, "/config/urls", Json::array()),
        with(good, "/config", 1), with(good, "/subject", 1)}) {
    CAPTURE(bad);
    CHECK(refusal_of([&] { parse_manifest(bad, "m"); }) == Errc::corrupt);
  }
  const std::string index = release_index_text(manifest().layers);
  for (const std::string& bad :
       {index + " ", with(index, "/manifests", Json::array()), with(index, "/artifactType", "x"),
        with(index, "/extra", 1), with(index, "/manifests/0/size", -1)}) {
    CAPTURE(bad);
    CHECK(refusal_of([&] { parse_release_index(bad); }) == Errc::corrupt);
  }
}

TEST_CASE("manifest: a component's layer is found by its type, and a missing one is corrupt") {
  const Component component{.row = {"web", std::string(media_type::kAssets), "web", false},
                            .document = {},
                            .manifest = manifest()};
  CHECK(component.layer(media_type::kTree).size == 4);
  CHECK(refusal_of([&] { component.file_table(); }) == Errc::corrupt);
}

TEST_CASE("manifest: services of a component are read as they were written, or not at all") {
  ComponentDocument document{
      .name = "site", .files = 1, .directories = 0, .symlinks = 0, .bytes = 4};
  CHECK(to_text(document).find("services") == std::string::npos);
  document.services = {{"nginx", {"nginx/**", "a"}}, {"app", {"app.env"}}};
  const std::string good = to_text(document);
  CHECK(parse_component_document(good) == document);
  for (const std::string& bad :
       {with(good, "/services", Json::object()), with(good, "/services", 1),
        with(good, "/services/nginx", Json::array()), with(good, "/services/nginx", "a"),
        with(good, "/services/nginx/0", ""), with(good, "/services/nginx/0", 1),
        with(good, "/services/nginx/0", std::string(4097, 'a')),
        with(good, "/services/Big", Json::array({"a"})),
        with(good, "/services/nginx", Json(std::vector<Json>(257, "a")))}) {
    CAPTURE(bad.substr(0, 200));
    CHECK(refusal_of([&] { parse_component_document(bad); }) == Errc::corrupt);
  }
  for (int i = 0; i < 65; ++i) document.services["s" + std::to_string(i)] = {"a"};
  CHECK(refusal_of([&] { parse_component_document(to_text(document)); }) == Errc::corrupt);
}

TEST_CASE("manifest: what proves an image is read as it was written, and about that image alone") {
  const Digest image = Digest::of("image");
  const CarriedSignature signature{.manifest = Digest::of("manifest"),
                                   .tag = cosign_tag(image, "sig"),
                                   .blobs = {Digest::of("payload")},
                                   .by = "key sha256:1",
                                   .claims = {"signature"}};
  ComponentDocument document{.name = "server"};
  document.images = {{.name = "docker.io/chanuka/server:1.0.0",
                      .digest = image,
                      .whole = {},
                      .scans = {},
                      .signatures = {signature}}};
  const std::string text = to_text(document);
  CHECK(parse_component_document(text) == document);
  CHECK(papers_of(document).size() == 2);
  for (const std::string& bad :
       {with(text, "/images/0/signatures", Json::array()),
        with(text, "/images/0/signatures/0/tag", cosign_tag(Digest::of("other"), "sig")),
        with(text, "/images/0/signatures/0/tag", cosign_tag(image, "sbom")),
        with(text, "/images/0/signatures/0/manifest", "x"),
        with(text, "/images/0/signatures/0/more", 1)}) {
    CAPTURE(bad);
    CHECK(refusal_of([&] { parse_component_document(bad); }) == Errc::corrupt);
  }
  document.images[0].derivation = Derivation::subset;
  document.images[0].whole = Digest::of("whole");
  document.images[0].signatures[0].tag = cosign_tag(Digest::of("whole"), "sig");
  CHECK(parse_component_document(to_text(document)) == document);
  CHECK(papers_of(document).size() == 3);
}

TEST_CASE("manifest: raw files of a component are read as they were written, or not at all") {
  ComponentDocument document{
      .name = "site", .files = 2, .directories = 0, .symlinks = 0, .bytes = 4};
  CHECK(to_text(document).find("raw") == std::string::npos);
  document.raw = {"bin/web", "boards/a.json"};
  const std::string good = to_text(document);
  CHECK(parse_component_document(good) == document);
  for (const Json& bad :
       {Json::array(), Json("a"), Json(std::vector<std::string>{"b", "a"}),
        Json(std::vector<std::string>{"a", "a"}), Json(std::vector<std::string>{"../a"})}) {
    CAPTURE(bad.dump());
    CHECK(refusal_of([&] { parse_component_document(with(good, "/raw", bad)); }) == Errc::corrupt);
  }
}

TEST_CASE("manifest: folders of data are sorted, and none lies in another") {
  ComponentDocument document{
      .name = "site", .files = 2, .directories = 0, .symlinks = 0, .bytes = 4};
  CHECK(to_text(document).find("persist") == std::string::npos);
  document.persist = {"data", "data2", "public/uploads"};
  const std::string good = to_text(document);
  CHECK(parse_component_document(good) == document);
  using Texts = std::vector<std::string>;
  for (const Json& bad :
       {Json::array(), Json("a"), Json(Texts{"b", "a"}), Json(Texts{"a", "a"}), Json(Texts{"../a"}),
        Json(Texts{"/a"}), Json(Texts{"a", "a/b"}), Json(Texts{"a", "a.b", "a/b"})}) {
    CAPTURE(bad.dump());
    CHECK(refusal_of([&] { parse_component_document(with(good, "/persist", bad)); }) ==
          Errc::corrupt);
  }
}

}  // namespace sealift::release::manifest_test
