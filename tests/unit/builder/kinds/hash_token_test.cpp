// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/hash_token.hpp"

#include <catch2/catch.hpp>
#include <random>

namespace sealift::builder::hash_token_test {

TEST_CASE("hash token: words, sizes and dates are none") {
  for (const char* word :
       {"document", "GoogleUi",  "MaterialUi", "SVGIcons", "web3Icon",   "utf8Data",  "SemiBold",
        "angular1", "Document2", "1920x1080",  "10x20x30", "20241131",   "20241131a", "deadbeef",
        "LICENSES", "short1A",   "my-Icons",   "a b3xK9q", "production", "legacy-1",  "--------"}) {
    CAPTURE(word);
    CHECK_FALSE(could_be_hash(word));
  }
  CHECK(has_uuid("a/550e8400-e29b-41d4-a716-44665544000a.js"));
  CHECK_FALSE(has_uuid("assets/index-DiwrgTda.js.map"));
}

TEST_CASE("hash token: of those that bundlers make more than 95 of 100 could be one") {
  const std::string_view alphabet = GENERATE(
      as<std::string_view>{}, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
      "0123456789abcdef");
  const std::size_t length = alphabet.size() == 16 ? 20 : 8;
  std::mt19937 random(1);
  int found = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::string token;
    while (token.size() < length) token += alphabet[random() % alphabet.size()];
    found += could_be_hash(token) ? 1 : 0;
  }
  CHECK(found > 9'500);
}

}  // namespace sealift::builder::hash_token_test
