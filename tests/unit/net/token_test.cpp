// SPDX-License-Identifier: Apache-2.0
#include "net/token.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::net::token_test {

TEST_CASE("token: what an editor puts around it is none of it") {
  CHECK(token_in("abc", "f") == "abc");
  CHECK(token_in(" abc\r\n\n", "f") == "abc");
}

TEST_CASE("token: what would end a header or an address early is refused and not repeated") {
  for (const char* secret : {"hunter2\nx-evil: 1", "hunter2 b", "hunter2\tb", "hunter2\xC3\xA9",
                             "hunter2\x7f", "", " \n"}) {
    const auto error = tests::error_of([&] { token_in(secret, "tok.file"); });
    REQUIRE(error);
    CHECK(error->code() == Errc::invalid_input);
    CHECK(error->message().starts_with("tok.file: "));
    CHECK(error->message().find("hunter") == std::string::npos);
  }
}

}  // namespace sealift::net::token_test
