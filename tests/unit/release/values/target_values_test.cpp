// SPDX-License-Identifier: Apache-2.0
#include "release/values/target_values.hpp"

#include <catch2/catch.hpp>

#include "release/templates/template.hpp"

namespace sealift::release::target_values_test {

TEST_CASE("targets: the path of a target is a value of templates") {
  CHECK(target_value("web") == "target.web.path");
  CHECK(target_name("target.web.path") == "web");
  CHECK(target_name("target.web.a-b.path") == "web.a-b");
  const Template text = Template::parse("root {{target.web-1.path}}/current;", "nginx.conf");
  CHECK(text.render({{"target.web-1.path", "/srv/web"}}) == "root /srv/web/current;");
}

TEST_CASE("targets: any other name is none of a target") {
  for (const char* name : {"target.path", "target..path", "target.web", "target.web.paths",
                           "target.We b.path", "targets.web.path", "web"}) {
    CHECK(target_name(name).empty());
  }
  CHECK_THROWS(Template::parse("{{target.web}}", "nginx.conf"));
}

}  // namespace sealift::release::target_values_test
