// SPDX-License-Identifier: Apache-2.0
#include "signing/base64.hpp"

#include "given.hpp"

namespace sealift::signing::base64_test {

TEST_CASE("base64: the vectors of RFC 4648, both ways") {
  const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""},
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
}

TEST_CASE("base64: any other spelling is refused") {
  for (const std::string& bad :
       {std::string("Zg"), std::string("Zg="), std::string("Zg==="), std::string("Zh=="),
        std::string("Zm9="), std::string("Zm9v\n"), std::string(" Zm9v"), std::string("Zm 9v"),
        std::string("Zm9v="), std::string("-_8="), std::string("Zg==Zg=="), std::string("="),
        std::string("Zm9v\0", 5)}) {
    INFO(bad);
    CHECK(error_of([&] { from_base64(bad); }).code() == Errc::corrupt);
  }
}

}  // namespace sealift::signing::base64_test
