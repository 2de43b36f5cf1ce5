// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.hpp"

#include <catch2/catch.hpp>

namespace sealift::nearest_test {

TEST_CASE("nearest: the nearest word is near, or none is given", "[base]") {
  CHECK(nearest("nmae", {"name", "notes"}) == "name");
  CHECK(nearest("Version", {"name", "version"}) == "version");
  CHECK(nearest("completely different", {"name", "version"}).empty());
  CHECK(nearest("x", {}).empty());
}

TEST_CASE("nearest: two letters that changed places are one mistake", "[base]") {
  CHECK(nearest("bulid", {"bold", "build"}) == "build");
  CHECK(nearest("satge", {"sate", "stage"}) == "sate");
}

TEST_CASE("nearest: of a short word one letter may be wrong, and something must remain", "[base]") {
  CHECK(nearest("evn", {"env"}) == "env");
  CHECK(nearest("foo", {"root"}).empty());
  CHECK(nearest("xy", {"ab"}).empty());
  CHECK(nearest("", {"ab"}).empty());
}

}  // namespace sealift::nearest_test
