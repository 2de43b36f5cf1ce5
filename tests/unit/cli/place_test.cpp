// SPDX-License-Identifier: Apache-2.0
#include "cli/place.hpp"

#include <catch2/catch.hpp>

namespace sealift::cli::place_test {

namespace {

constexpr const char* kText =
    "schema: 1\n"
    "components:\n"
    "  - {name: web, kind: assets, \"source\": dist}\n"
    "  - name: etc\n"
    "\xC3\xA4: {target: x}\n";

Json given_place(std::string_view message) {
  Json problem = Json::object();
  const auto place = place_of(message, [](const std::string& file) {
    return file == "a b/release.yaml" ? std::optional<std::string>(kText) : std::nullopt;
  });
  if (place) add_place(*place, problem);
  return problem;
}

}  // namespace

TEST_CASE("place: a message about a document says file, line, column and key") {
  CHECK(
      given_place("a b/release.yaml:3: components[0].source: found \"x: 1\", expected a folder") ==
      Json({{"file", "a b/release.yaml"},
            {"line", 3},
            {"column", 31},
            {"key", "components[0].source"}}));
  CHECK(given_place("a b/release.yaml:5: x.target: unknown") ==
        Json({{"file", "a b/release.yaml"}, {"line", 5}, {"column", 5}, {"key", "x.target"}}));
}

TEST_CASE("place: an item of a list, or a key that is missing, begins where its parent does") {
  CHECK(given_place("a b/release.yaml:4: components[1]: unknown") ==
        Json({{"file", "a b/release.yaml"}, {"line", 4}, {"column", 5}, {"key", "components[1]"}}));
  CHECK(given_place("a b/release.yaml:4: components[1].kind: missing")["column"] == 5);
}

TEST_CASE("place: what is not known is left out") {
  CHECK(given_place("while reading: a b/release.yaml:4: found a tab: use blanks") ==
        Json({{"file", "a b/release.yaml"}, {"line", 4}, {"column", 5}}));
  CHECK(given_place("a b/release.yaml:99: name: missing").contains("column") == false);
  CHECK(given_place("flags/a.yaml:3: flags.new: missing") ==
        Json({{"file", "flags/a.yaml"}, {"line", 3}, {"key", "flags.new"}}));
  CHECK(given_place("127.0.0.1:80: found no answer").empty());
  CHECK(given_place("./trust: found no 1.root.json").empty());
}

}  // namespace sealift::cli::place_test
