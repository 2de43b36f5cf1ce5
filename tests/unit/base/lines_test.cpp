// SPDX-License-Identifier: Apache-2.0
#include "base/lines.hpp"

#include <catch2/catch.hpp>

namespace sealift::lines_test {

TEST_CASE("lines: a newline ends a line, and the last one begins none") {
  using Lines = std::vector<std::string_view>;
  CHECK(split_lines("").empty());
  CHECK(split_lines("\n") == Lines{""});
  CHECK(split_lines("a") == Lines{"a"});
  CHECK(split_lines("a\n\nb\n") == Lines{"a", "", "b"});
}

}  // namespace sealift::lines_test
