// SPDX-License-Identifier: Apache-2.0
#include "installer/monitoring/dogstatsd.hpp"

#include <catch2/catch.hpp>

namespace sealift::installer::dogstatsd_test {

TEST_CASE("dogstatsd: names, values and tags as an agent reads them", "[monitoring]") {
  const std::vector<Family> families = {
      {"sealift_a_b", "help", {{{}, 1'700'000'000}}},
      {"c", "help", {{{{"l", "a,b|c#d\ne"}, {"m", ""}}, 0.5}, {{}, -1}}}};
  CHECK(dogstatsd_datagrams(families, 100) ==
        std::vector<std::string>{"sealift.a_b:1700000000|g\nc:0.5|g|#l:a_b_c_d_e,m:\nc:-1|g"});
  CHECK(dogstatsd_datagrams(families, 30) ==
        std::vector<std::string>{"sealift.a_b:1700000000|g", "c:0.5|g|#l:a_b_c_d_e,m:\nc:-1|g"});
  // What fits into no datagram is left out, and the rest is told.
  CHECK(dogstatsd_datagrams(families, 22) == std::vector<std::string>{"c:-1|g"});
  CHECK(dogstatsd_datagrams({}, 100).empty());
}

}  // namespace sealift::installer::dogstatsd_test
