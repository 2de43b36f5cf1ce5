// SPDX-License-Identifier: Apache-2.0
#include "release/values/environment.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::release::environment_test {

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
  write_file(folder / "e.yaml", "schema: 1\nvalues:\n  A: {a: 1}\n  B-C: 2\n");
  const auto error = tests::error_of([&] { load_environment(folder / "e.yaml", "e"); });
  REQUIRE(error);
  CHECK(error->problems().size() == 2);
  CHECK(error->problems()[0].message.starts_with((folder / "e.yaml").string() + ":3: values.A: "));
  CHECK(
      error->problems()[1].message.starts_with((folder / "e.yaml").string() + ":4: values.B-C: "));
}

TEST_CASE("environment: a value may be a list of scalars or of mappings of scalars") {
  const tests::ScratchFolder folder;
  const auto load = [&](const std::string& list) {
    write_file(folder / "e.yaml", "schema: 1\nvalues:\n  A: " + list + "\n");
    return load_environment(folder / "e.yaml", "e").values.at("A");
  };
  CHECK(load("[a, 1, true]") == Json::array({"a", 1, true}));
  CHECK(load("[{host: a, port: 1}]") == Json::array({{{"host", "a"}, {"port", 1}}}));
  CHECK(load("[]") == Json::array());
  const auto refused = [&](const std::string& list) {
    return tests::messages(tests::error_of([&] { load(list); }));
  };
  CHECK(refused("[1, [2]]").find("e.yaml:3: values.A: item 2: expected text") != std::string::npos);
  CHECK(refused("[1, {a: 1}]").find("item 2: expected text, a number") != std::string::npos);
  CHECK(refused("[{a: 1}, b]").find("item 2: expected a mapping") != std::string::npos);
  CHECK(refused("[{a: [1]}]").find("a: expected text") != std::string::npos);
  CHECK(refused("[{a-b: 1}]").find("found the key \"a-b\"") != std::string::npos);
  CHECK_FALSE(refused("[null]").empty());
  CHECK_FALSE(refused("[{}]").empty());
  std::string many = "[0";
  for (int i = 0; i < 4096; ++i) many += ",0";
  CHECK(refused(many + "]").find("found 4097 items") != std::string::npos);
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

}  // namespace sealift::release::environment_test
