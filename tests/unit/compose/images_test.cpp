// SPDX-License-Identifier: Apache-2.0
#include "compose/images.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::compose::images_test {

namespace {

const Digest kIndex = Digest::of("index");
const Digest kManifest = Digest::of("manifest");
const std::vector<KnownImage> kKnown = {
    {.name = "docker.io/x/db:1", .digests = {kIndex, kManifest}},
    {.name = "docker.io/library/redis:latest", .digests = {Digest::of("redis")}}};

std::string found(const std::string& name) {
  return find_image(name, kKnown).name;
}

std::string refused(const std::string& name) {
  return tests::messages(tests::error_of([&] { find_image(name, kKnown); }));
}

}  // namespace

TEST_CASE("compose images: a name is found in every spelling", "[compose]") {
  CHECK(found("x/db:1") == "docker.io/x/db:1");
  CHECK(found("docker.io/x/db:1") == "docker.io/x/db:1");
  CHECK(found("redis") == "docker.io/library/redis:latest");
  CHECK(refused("x/db").find("x/db:latest, which no component carries") != std::string::npos);
  CHECK(refused("x/db:2").find("which no component carries") != std::string::npos);
  CHECK_FALSE(refused("Not/A:::name").empty());
}

TEST_CASE("compose images: a digest is compared with what is carried", "[compose]") {
  for (const Digest& digest : {kIndex, kManifest}) {
    CHECK(found("x/db:1@" + digest.str()) == "docker.io/x/db:1");
    CHECK(found("x/db@" + digest.str()) == "docker.io/x/db:1");
  }
  const std::string other = "@" + Digest::of("other").str();
  CHECK(refused("x/db:1" + other).find("the release carries docker.io/x/db:1 as sha256:") !=
        std::string::npos);
  CHECK(refused("x/db" + other).find("which no component carries") != std::string::npos);
}

}  // namespace sealift::compose::images_test
