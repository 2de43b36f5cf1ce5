// SPDX-License-Identifier: Apache-2.0
#include "base/address.hpp"

#include <catch2/catch.hpp>

namespace sealift::address_test {

TEST_CASE("address: whoever logs in by it is not shown", "[base]") {
  CHECK(without_login("https://user:hunter2@site/a") == "https://...@site/a");
  CHECK(without_login("https://hunter2@site/a@b") == "https://...@b");
  CHECK(without_login("https://user:hun/ter?2@site/a") == "https://...@site/a");
  CHECK(without_login("postgres://u:p@@db/x") == "postgres://...@db/x");
}

TEST_CASE("address: any other text stays as it is", "[base]") {
  for (const char* text :
       {"https://site/@scope/a", "https://site:8443/a", "ops@site", "://", "", "@https://site/"}) {
    CHECK(without_login(text) == text);
  }
}

}  // namespace sealift::address_test
