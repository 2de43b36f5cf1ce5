// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "release/documents/workload.hpp"

namespace sealift::release::workload_names_test {

TEST_CASE("workload: what is a unit follows from its name, and no option can be one") {
  for (const char* name : {"web.service", "a-b_c:d.socket", "web@.service", "web@1.timer",
                           "x\\x2dy.path", "my.app.target"}) {
    CHECK(is_unit_name(name));
  }
  for (const char* name : {".service", "-a.service", "--now.service", ".x.service", "a b.service",
                           "a/b.service", "a.mount", "web", "a\n.service", "a*.service", ""}) {
    CHECK_FALSE(is_unit_name(name));
  }
  CHECK_FALSE(is_unit_name(std::string(255, 'a') + ".service"));
}

TEST_CASE("workload: a command's program is the host's or lies in the component's tree") {
  CHECK(program_in_tree({"./cdn.sh", "up"}) == "cdn.sh");
  CHECK(program_in_tree({"bin//./cdn.sh"}) == "bin/cdn.sh");
  CHECK(program_in_tree({"../cdn.sh"}) == "../cdn.sh");  // which no tree has
  CHECK(program_in_tree({"/usr/bin/curl"}).empty());
  CHECK(program_in_tree({"curl", "./x"}).empty());
}

}  // namespace sealift::release::workload_names_test
