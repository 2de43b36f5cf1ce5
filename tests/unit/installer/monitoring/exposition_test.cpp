// SPDX-License-Identifier: Apache-2.0
#include "installer/monitoring/exposition.hpp"

#include <catch2/catch.hpp>

namespace sealift::installer::exposition_test {

TEST_CASE("exposition: names, help, labels and values are as Prometheus reads them",
          "[monitoring]") {
  CHECK(exposition({{"a_b", "one line\nand \"more\" \\", {{{}, 1'700'000'000}}},
                    {"c", "x", {{{{"l", "a\"b\\c\nd"}, {"m", ""}}, 0.5}, {{}, -1}}}}) ==
        "# HELP a_b one line\\nand \"more\" \\\\\n"
        "# TYPE a_b gauge\n"
        "a_b 1700000000\n"
        "# HELP c x\n"
        "# TYPE c gauge\n"
        "c{l=\"a\\\"b\\\\c\\nd\",m=\"\"} 0.5\n"
        "c -1\n");
}

TEST_CASE("exposition: what has no value is left out", "[monitoring]") {
  CHECK(exposition({{"a", "x", {}}}).empty());
}

}  // namespace sealift::installer::exposition_test
