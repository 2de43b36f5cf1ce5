// SPDX-License-Identifier: Apache-2.0
#include "signing/base64.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::signing {

TEST_CASE("base64: the vectors of RFC 4648") {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    CHECK(to_base64(bytes) == text);
    CHECK(from_base64(text) == bytes);
  }
  CHECK(from_base64(to_base64(std::string("\0\xff\xfe", 3))) == std::string("\0\xff\xfe", 3));
}

TEST_CASE("base64: one spelling per value, everything else is refused") {
  for (const std::string& bad :
       {std::string("Zg"), std::string("Zg="), std::string("Zg==="), std::string("Zg==Zg=="),
        std::string("Zh=="),  // the bits that do not count are not zero
        std::string("Zm9="), std::string("Zm9v\n"), std::string(" Zm9v"), std::string("Zm 9v"),
        std::string("Zm9v="), std::string("="), std::string("===="), std::string("_-8="),
        std::string("Zm9v\0", 5), std::string("Zm9*")}) {
    CAPTURE(bad);
    CHECK(tests::refusal_of([&] { from_base64(bad); }) == Errc::corrupt);
  }
}

}  // namespace sealift::signing
