// SPDX-License-Identifier: Apache-2.0
#include "content/image.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "base/format.hpp"
#include "content/media_types.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::content::image_test {

namespace {

using tests::refusal_of;

// Documents by their digests, as a source of images has them.
struct Store {
  Descriptor put(std::string_view media_type, const Json& value) {
    const std::string text = to_canonical(value);
    documents[Digest::of(text)] = text;
    return describe(media_type, text);
  }
  Image read(const Descriptor& root) const {
    return read_image(
        root, [&](const Descriptor& each) { return documents.at(each.digest); }, "image");
  }
  // One image for a platform, with one layer.
  Descriptor image(const std::string& architecture, const std::string& layer_bytes = "layer") {
    const Descriptor layer = describe(media_type::kImageLayer, layer_bytes);
    const Descriptor config = put(media_type::kImageConfig,
                                  {{"os", "linux"},
                                   {"architecture", architecture},
                                   {"created", "2026-01-02T03:04:05.678901234Z"},
                                   {"config", {{"User", "1000"}}},
                                   {"rootfs", {{"diff_ids", Json::array({layer.digest.str()})}}}});
    return put(media_type::kImageManifest, {{"schemaVersion", 2},
                                            {"config", to_json(config)},
                                            {"layers", Json::array({to_json(layer)})}});
  }
  std::map<Digest, std::string> documents;
};

Json row(const Descriptor& manifest, const std::string& architecture) {
  Json value = to_json(manifest);
  value["platform"] = {{"os", "linux"}, {"architecture", architecture}};
  return value;
}

}  // namespace

TEST_CASE("image: one platform") {
  Store store;
  const Image image = store.read(store.image("amd64"));
  REQUIRE(image.variants.size() == 1);
  CHECK(image.variants[0].settings.platform.str() == "linux/amd64");
  CHECK(image.variants[0].settings.user == "1000");
  CHECK(to_text(*image.variants[0].settings.created) == "2026-01-02T03:04:05Z");
  CHECK(image.documents.size() == 2);
  CHECK(image.layers.size() == 1);
  CHECK(image.variant_for(Platform::parse("linux/amd64")) != nullptr);
  CHECK(image.variant_for(Platform::parse("linux/arm64")) == nullptr);
}

TEST_CASE("image: an index, its shared layers once, its attestations nothing to run") {
  Store store;
  const Descriptor amd = store.image("amd64");
  const Descriptor arm = store.image("arm64");
  const Descriptor report = store.put(
      media_type::kImageManifest,
      {{"schemaVersion", 2},
       {"config", to_json(store.put(media_type::kImageConfig, {{"os", "unknown"}}))},
       {"layers", Json::array({to_json(describe("application/vnd.in-toto+json", "said"))})}});
  Json attestation = row(report, "unknown");
  attestation["annotations"] = {{"vnd.docker.reference.type", "attestation-manifest"}};
  const Json index = {
      {"schemaVersion", 2},
      {"manifests", Json::array({row(amd, "amd64"), row(arm, "arm64"), attestation})}};
  const Image image = store.read(store.put(media_type::kImageIndex, index));
  CHECK(image.variants.size() == 3);
  CHECK(image.variants[2].attestation);
  CHECK(image.layers.size() == 2);
  CHECK(image.variant_for(Platform::parse("linux/arm64"))->manifest.digest == arm.digest);

  const std::string part = subset_index(to_canonical(index), {arm.digest});
  const auto rows = parse_image_index(part, "index");
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].manifest.digest == arm.digest);
  CHECK(part == subset_index(to_canonical(index), {arm.digest}));
}

// RFC 7396.
void merge(Json& value, const Json& change) {
  for (const auto& [key, part] : change.items()) {
    if (part.is_null()) {
      value.erase(key);
    } else if (part.is_object() && value.contains(key)) {
      merge(value[key], part);
    } else {
      value[key] = part;
    }
  }
}

TEST_CASE("image: what is refused") {
  Store store;
  const Descriptor good = store.image("amd64");
  const auto refuses = [&](const Json& change) {
    Json manifest = Json::parse(store.documents.at(good.digest));
    merge(manifest, change);
    const Descriptor changed = store.put(media_type::kImageManifest, manifest);
    return refusal_of([&] { store.read(changed); }) == Errc::invalid_input;
  };
  CHECK_FALSE(refusal_of([&] { store.read(good); }).has_value());
  CHECK(refuses({{"schemaVersion", 1}}));
  CHECK(refuses({{"layers", Json::array()}}));
  CHECK(refuses({{"layers", 5}}));
  CHECK(refuses({{"config", nullptr}}));
  CHECK(refuses({{"config", {{"size", -1}}}}));
  CHECK(refuses({{"config", {{"digest", "sha512:00"}}}}));
  const Descriptor index =
      store.put(media_type::kImageIndex, {{"manifests", Json::array({row(good, "arm64")})}});
  CHECK(refusal_of([&] { store.read(index); }) == Errc::invalid_input);
}

TEST_CASE("image: an index may hold further ones, and rows that are no images") {
  Store store;
  const Descriptor amd = store.image("amd64");
  const Descriptor parts = store.put(
      media_type::kImageManifest,
      {{"schemaVersion", 2},
       {"config", to_json(store.put("application/vnd.oci.empty.v1+json", Json::object()))},
       {"layers", Json::array({to_json(describe("application/spdx+json", "parts")),
                               to_json(describe("application/vnd.oci.empty.v1+json", "{}"))})}});
  const auto index_of = [&](const Json& rows) {
    return store.put(media_type::kImageIndex, {{"schemaVersion", 2}, {"manifests", rows}});
  };
  const Descriptor inner = index_of(Json::array({to_json(parts), to_json(amd)}));
  Json outer = to_json(inner);
  outer["platform"] = {{"os", "linux"}, {"architecture", "amd64"}};
  const Image image = store.read(index_of(Json::array({to_json(parts), outer})));
  REQUIRE(image.variants.size() == 3);
  CHECK(image.variants[0].manifest.digest == amd.digest);
  CHECK(image.variants[1].attestation);
  CHECK(image.variants[2].attestation);
  // Indexes first, and content that is a document and a layer is a document.
  CHECK(image.documents[1].descriptor.digest == inner.digest);
  CHECK(image.documents.size() == 6);
  CHECK(image.layers.size() == 2);
  // One without any image, and one that never ends.
  CHECK(refusal_of([&] { store.read(parts); }) == Errc::invalid_input);
  CHECK(refusal_of([&] { store.read(index_of(Json::array({to_json(parts)}))); }) ==
        Errc::invalid_input);
  Descriptor deep = index_of(Json::array({to_json(amd)}));
  for (int i = 0; i < 5; ++i) deep = index_of(Json::array({to_json(deep)}));
  CHECK(refusal_of([&] { store.read(deep); }) == Errc::invalid_input);
}

TEST_CASE("image: a manifest that is about an image says which, and what is noted of its layers") {
  const std::string digest = "sha256:" + std::string(64, 'a');
  const std::string row = R"({"mediaType":"text/plain","digest":")" + digest + R"(","size":3)";
  const ArtifactManifest manifest =
      parse_artifact_manifest(R"({"config":)" + row + R"(},"layers":[)" + row +
                                  R"(,"annotations":{"a":"b","c":1}}],"subject":)" + row + "}}",
                              "manifest");
  CHECK(manifest.subject == Digest::parse(digest));
  REQUIRE(manifest.layers.size() == 1);
  CHECK(manifest.layers[0].annotations == std::map<std::string, std::string>{{"a", "b"}});
  for (const char* bad : {"{}", "[]", R"({"config":1})", R"({"config":{"digest":"x","size":1}})"}) {
    CAPTURE(bad);
    CHECK(tests::refusal_of([&] { parse_artifact_manifest(bad, "manifest"); }) ==
          Errc::invalid_input);
  }
}

TEST_CASE("image: numbers that nobody reads are passed over") {
  const std::string digest = Digest::of("x").str();
  const std::string text = R"({"schemaVersion": 2, "x": [1.5, 1e3, -0.25],
      "config": {"mediaType": "a", "digest": ")" +
                           digest + R"(", "size": 1}, "layers": []})";
  CHECK(parse_image_manifest(text, "image").config.size == 1);
}

TEST_CASE("image: the type of a document is what it says, else what it holds") {
  CHECK(document_type(R"({"mediaType": "a/b"})", "text/plain") == "a/b");
  CHECK(document_type(R"({"manifests": []})", "") == media_type::kImageIndex);
  CHECK(document_type(R"({"config": {}})", "application/json") == media_type::kImageManifest);
  CHECK(document_type("none", "text/plain") == "text/plain");
  CHECK(document_type("{}", "a/b") == "a/b");
}

TEST_CASE("platform: words of three parts at most") {
  CHECK(Platform::parse("linux/arm/v7").str() == "linux/arm/v7");
  CHECK(Platform::parse("linux/arm64/v8").satisfies(Platform::parse("linux/arm64")));
  CHECK_FALSE(Platform::parse("linux/arm64").satisfies(Platform::parse("linux/arm64/v8")));
  for (const char* bad : {"", "linux", "linux/", "/amd64", "linux/a/b/c", "Linux/amd64", "a b/c"}) {
    CAPTURE(bad);
    CHECK(refusal_of([&] { Platform::parse(bad); }) == Errc::invalid_input);
  }
}

}  // namespace sealift::content::image_test
