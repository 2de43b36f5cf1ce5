// SPDX-License-Identifier: Apache-2.0
#include "release/environment.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::release {

TEST_CASE("environment: scalars are read, and nothing means that each site must set it") {
  const tests::ScratchFolder folder;
  write_file(folder / "e.yaml",
             "schema: 1\nvalues:\n  A: text\n  B: 7\n  C: true\n  D:\n  E: '007'\n");
  const Environment environment = load_environment(folder / "e.yaml", "production");
  CHECK(environment.name == "production");
  CHECK(environment.values ==
        Values{{"A", "text"}, {"B", 7U}, {"C", true}, {"D", nullptr}, {"E", "007"}});
}

TEST_CASE("environment: mistakes name the file and the line") {
  const tests::ScratchFolder folder;
  write_file(folder / "e.yaml", "schema: 1\nvalues:\n  A: [1]\n  B-C: 2\n");
  const auto error = tests::error_of([&] { load_environment(folder / "e.yaml", "e"); });
  REQUIRE(error);
  CHECK(error->problems().size() == 2);
  CHECK(error->problems()[0].message.starts_with((folder / "e.yaml").string() + ":3: values.A: "));
  CHECK(
      error->problems()[1].message.starts_with((folder / "e.yaml").string() + ":4: values.B-C: "));
}

TEST_CASE("environment: the site's values come first") {
  const Values merged = merge({{"A", "environment"}, {"B", nullptr}}, {{"B", "site"}, {"C", 1}});
  CHECK(merged == Values{{"A", "environment"}, {"B", "site"}, {"C", 1}});
}

TEST_CASE("environment: a scalar's text is what was written") {
  CHECK(scalar_text("a \"b\"") == "a \"b\"");
  CHECK(scalar_text(7) == "7");
  CHECK(scalar_text(true) == "true");
}

}  // namespace sealift::release
