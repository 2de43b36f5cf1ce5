// SPDX-License-Identifier: Apache-2.0
#include "bundle/reader.hpp"

#include "tests/unit/bundle/small_bundle.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::bundle::reader_test {

using tests::refusal_of;
using tests::SmallBundle;

namespace {

// Reads all of a bundle and believes it.
Contents read_all_of(SmallBundle& small, std::string_view bytes) {
  StringSource source(bytes);
  Reader reader(source, small.workers(), "b.bundle");
  reader.read_claim();
  Contents contents = reader.read_release();
  Silence silence;
  reader.check_payload(contents, silence);
  return contents;
}

// The plain bundle with index.json replaced: nothing else vouches for that document.
std::string with_index(const std::string& bundle, const Json& index) {
  const std::size_t begin = 2 * content::kTarBlock;  // after oci-layout
  const std::uint64_t size = content::tar_size_field(std::string_view(bundle).substr(begin));
  const std::string text = to_canonical(index);
  std::string changed = bundle.substr(0, begin);
  changed += content::tar_header({.name = "index.json", .size = text.size(), .link = {}}) + text;
  changed += content::tar_padding(text.size());
  return changed +
         bundle.substr(begin + content::kTarBlock + size + content::tar_padding(size).size());
}

Json index_of(const std::string& bundle) {
  const std::size_t begin = 2 * content::kTarBlock;
  const std::uint64_t size = content::tar_size_field(std::string_view(bundle).substr(begin));
  return parse_json(bundle.substr(begin + content::kTarBlock, size), "index.json");
}

}  // namespace

TEST_CASE("bundle reader: what was written is read back") {
  SmallBundle small;
  const Contents contents = read_all_of(small, small.bytes());
  CHECK(contents.release.descriptor == small.sealed().descriptor);
  CHECK(contents.referrers.size() == 3);
  CHECK(contents.compression == content::compressor_name(content::kDefaultLevel));
  CHECK(contents.components[0].document.files == 2);
  CHECK(contents.layers_of(media_type::kRootChain) == std::vector{small.root().text()});
}

TEST_CASE("bundle reader: the index names the release as OCI tools ask for it") {
  SmallBundle small({.level = {}});
  const Json index = index_of(small.bytes());
  CHECK(index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"] ==
        "chanuka:1.0.0_build.7");
}

TEST_CASE("bundle reader: an index.json that a writer would not write is refused") {
  SmallBundle small({.level = {}});
  const std::string good = small.bytes();
  const Json index = index_of(good);
  CHECK_NOTHROW(read_all_of(small, with_index(good, index)));
  const std::pair<const char*, Json> changes[] = {
      {"/schemaVersion", 3},
      {"/extra", 1},
      {"/mediaType", "x"},
      {"/annotations", {{"dev.sealift.compression", "zstd 1.5.4 level 3"}}},
      {"/annotations", Json::object()},
      {"/manifests", Json::array()},
      {"/manifests/0/artifactType", "x"},
      {"/manifests/0/annotations/org.opencontainers.image.ref.name", "other:1.0.0"},
      {"/manifests/0/annotations/extra", "x"},
      {"/manifests/0/mediaType", "x"},
      {"/manifests/1/annotations", {{"extra", "x"}}},
      {"/manifests/1/artifactType", "x"},
      {"/manifests/1/mediaType", "x"},
      {"/manifests/1/size", 1},
      {"/manifests/1", index["manifests"][2]},
      {"/manifests/3", index["manifests"][2]},
      {"/manifests/4", index["manifests"][3]},
  };
  for (const auto& [place, value] : changes) {
    CAPTURE(place);
    Json changed = index;
    changed[JsonPointer(place)] = value;
    CHECK(refusal_of([&] { read_all_of(small, with_index(good, changed)); }) == Errc::corrupt);
  }
}

TEST_CASE("bundle reader: a referrer with another form than ours is refused") {
  SmallBundle small({.level = {}});
  const content::Descriptor& release = small.sealed().descriptor;
  const std::string text = to_text(small.statement());
  // Of a type that nobody knows.
  CHECK(refusal_of([&] {
          read_all_of(
              small,
              small.bytes({make_referrer("application/x", media_type::kInToto, {text}, release)}));
        }) == Errc::corrupt);
  // With a layer of another type.
  CHECK(refusal_of([&] {
          read_all_of(
              small,
              small.bytes({make_referrer(media_type::kStatement, "text/plain", {text}, release)}));
        }) == Errc::corrupt);
  // About another release.
  content::Descriptor other = release;
  other.digest = Digest::of("other");
  CHECK(refusal_of([&] {
          read_all_of(small, small.bytes({make_referrer(media_type::kStatement, media_type::kInToto,
                                                        {text}, other)}));
        }) == Errc::corrupt);
}

TEST_CASE("bundle reader: what is no bundle is refused as corrupt") {
  SmallBundle small;
  for (const std::string& bytes :
       {std::string(), std::string("x"), std::string("PK\x03\x04"), std::string(10'000, '\0'),
        std::string(10'000, 'x'), std::string(content::tar_end()),
        std::string("\x28\xb5\x2f\xfd", 4)}) {
    CHECK(refusal_of([&] { read_all_of(small, bytes); }) == Errc::corrupt);
  }
}

}  // namespace sealift::bundle::reader_test
