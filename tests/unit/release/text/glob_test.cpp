// SPDX-License-Identifier: Apache-2.0
#include "release/text/glob.hpp"

#include <catch2/catch.hpp>
#include <chrono>

namespace sealift::release::glob_test {

TEST_CASE("glob: what matches") {
  const std::pair<const char*, const char*> cases[] = {{"a", "a"},
                                                       {"*", "a"},
                                                       {"*.js", "app.js"},
                                                       {"a?c", "abc"},
                                                       {"*", ".hidden"},
                                                       {"a*b*c", "aXbYc"},
                                                       {"**", "a/b/c"},
                                                       {"**/*.map", "x.map"},
                                                       {"**/*.map", "a/b/x.map"},
                                                       {"a/**", "a/b/c"},
                                                       {"a/**", "a"},
                                                       {"a/**/z", "a/z"},
                                                       {"a/**/z", "a/b/c/z"},
                                                       {"**/a/**", "x/a/y"},
                                                       {"**/**", "a"},
                                                       {"*/b", "a/b"}};
  for (const auto& [pattern, path] : cases) {
    CAPTURE(pattern, path);
    CHECK(Glob(pattern).matches(path));
  }
}

TEST_CASE("glob: what does not match") {
  const std::pair<const char*, const char*> cases[] = {
      {"a", "b"},     {"a", "A"},          {"*.js", "a/app.js"},
      {"*", "a/b"},   {"a?c", "ac"},       {"a?c", "a/c"},
      {"*/b", "b"},   {"a/**/z", "a/b/y"}, {"**/*.map", "x.mapx"},
      {"a/*", "a"},   {"a/*", "a/b/c"},    {"?", ""},
      {"a.c", "abc"}, {"[ab]", "a"},       {"a**b", "a/b"}};
  for (const auto& [pattern, path] : cases) {
    CAPTURE(pattern, path);
    CHECK_FALSE(Glob(pattern).matches(path));
  }
}

TEST_CASE("glob: a hostile pattern takes no exponential time") {
  std::string stars;
  std::string deep;
  for (int i = 0; i < 100; ++i) stars += "*a";
  for (int i = 0; i < 100; ++i) deep += "**/a/";
  std::string path = "a";
  for (int i = 0; i < 300; ++i) path += "/a";
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(Glob(stars + "b").matches(std::string(2000, 'a')));
  CHECK_FALSE(Glob(deep + "b").matches(path));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}

}  // namespace sealift::release::glob_test
