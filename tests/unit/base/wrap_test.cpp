// SPDX-License-Identifier: Apache-2.0
#include "base/wrap.hpp"

#include <catch2/catch.hpp>

namespace sealift::wrap_test {

TEST_CASE("wrap: lines end between words", "[base]") {
  CHECK(wrapped("one two  three", 7, 0) == "one two\nthree");
  CHECK(wrapped("one two three", 9, 2) == "one two\n  three");
  CHECK(wrapped("a-very-long-word b", 4, 1) == "a-very-long-word\n b");
  CHECK(wrapped("a-very-long-word b", 8, 1, LongWord::broken) == "a-very-\n long-wo\n rd b");
  CHECK(wrapped("", 4, 1).empty());
}

TEST_CASE("wrap: a colour takes no column, a letter takes one", "[base]") {
  CHECK(columns_of("\xC3\xA4\xE0\xB6\x9A") == 2);
  CHECK(columns_of("\x1b[1;31mred\x1b[0m") == 3);
  CHECK(wrapped("\xC3\xA4\xC3\xA4\xC3\xA4", 2, 0, LongWord::broken) ==
        "\xC3\xA4\xC3\xA4\n\xC3\xA4");
}

TEST_CASE("wrap: a line goes on below its text", "[base]") {
  CHECK(wrapped_line("window   as it is", 40) == "window   as it is");
  CHECK(wrapped_line("window   closed until the morning", 24) ==
        "window   closed until\n         the morning");
  CHECK(wrapped_line("- one two three four", 12) == "- one two\n  three four");
  CHECK(wrapped_line("one two three four", 12) == "one two\nthree four");
}

}  // namespace sealift::wrap_test
