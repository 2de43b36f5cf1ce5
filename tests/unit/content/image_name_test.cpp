// SPDX-License-Identifier: Apache-2.0
#include "content/image_name.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::content::image_name_test {

using tests::refusal_of;

TEST_CASE("image name: what short names mean") {
  const auto full = [](const char* text) { return ImageName::parse(text).str(); };
  CHECK(full("postgres:16") == "docker.io/library/postgres:16");
  CHECK(full("chanuka/server") == "docker.io/chanuka/server");
  CHECK(full("index.docker.io/chanuka/server:1") == "docker.io/chanuka/server:1");
  CHECK(full("localhost/tiny:1") == "localhost/tiny:1");
  CHECK(full("registry:5000/a/b:1") == "registry:5000/a/b:1");
  CHECK(full("[::1]:5000/a:1") == "[::1]:5000/a:1");
  CHECK(full("a__b/c.d-e---f:T_1.2-x") == "docker.io/a__b/c.d-e---f:T_1.2-x");
  const std::string digest = "sha256:" + std::string(64, 'a');
  CHECK(full(("quay.io/a:1@" + digest).c_str()) == "quay.io/a:1@" + digest);
}

TEST_CASE("image name: its parts") {
  const ImageName name = ImageName::parse("registry.site:5000/mirror/server:1.0.0");
  CHECK(name.host == "registry.site:5000");
  CHECK(name.repository == "mirror/server");
  CHECK(name.tag == "1.0.0");
  CHECK(name.place() == "registry.site:5000/mirror/server");
}

TEST_CASE("image name: anything else is refused") {
  for (const std::string& bad : {std::string(),
                                 std::string(":1"),
                                 std::string("a:"),
                                 std::string("a/"),
                                 std::string("/a"),
                                 std::string("a//b"),
                                 std::string("a/B"),
                                 std::string("a b"),
                                 std::string("a..b"),
                                 std::string("a___b"),
                                 std::string("a/-b"),
                                 std::string("a/b-"),
                                 std::string("../a"),
                                 std::string("a/../b"),
                                 std::string("a:1:2"),
                                 std::string("a@sha256:1"),
                                 std::string("a@"),
                                 std::string("host:/a"),
                                 std::string("host:123456/a"),
                                 std::string("-host.x/a"),
                                 std::string("a:-1"),
                                 std::string("a\n"),
                                 std::string("a\0b", 3),
                                 "a:" + std::string(129, 't'),
                                 std::string(300, 'a')}) {
    CAPTURE(bad);
    CHECK(refusal_of([&] { ImageName::parse(bad); }) == Errc::invalid_input);
  }
}

}  // namespace sealift::content::image_name_test
