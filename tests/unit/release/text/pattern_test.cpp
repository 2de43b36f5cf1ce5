// SPDX-License-Identifier: Apache-2.0
#include "release/text/pattern.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::release::pattern_test {

TEST_CASE("pattern: the whole text must match") {
  const Pattern pattern = Pattern::parse("https?://[a-z.]+(:[0-9]{1,5})?");
  CHECK(pattern.matches("https://chanuka.example:8443"));
  CHECK_FALSE(pattern.matches("see https://chanuka.example"));
  CHECK_FALSE(pattern.matches("https://chanuka.example/path"));
  CHECK(Pattern::parse("^[a-z]{1,63}([.][a-z]{1,63}){0,8}$").matches("a.b.c"));
}

TEST_CASE("pattern: what would run for ever elsewhere ends") {
  const std::string text(Pattern::kMaxText, 'a');
  CHECK_FALSE(Pattern::parse("(a+)+b").matches(text));
  CHECK_FALSE(Pattern::parse("(a|a)*c").matches(text));
  CHECK_FALSE(Pattern::parse(".*").matches(text + "a"));
}

TEST_CASE("pattern: one that is broken, or would be too large, is refused") {
  for (const char* text :
       {"(", "[a", "a{2,1}", "*", "(a)\\1", "(a{1000}){1000}", "a{1001}",
        "((((a{99}){99}){99}){99}){99}", "a{99999999999999999999}", "(?=a)a", "((?!b)a)*"}) {
    CAPTURE(text);
    CHECK(tests::refusal_of([&] { Pattern::parse(text); }) == Errc::invalid_input);
  }
  CHECK(tests::refusal_of([] { Pattern::parse(std::string(401, 'a')); }) == Errc::invalid_input);
  CHECK(tests::refusal_of([] { Pattern::parse(std::string(400, '(')); }) == Errc::invalid_input);
  Pattern::parse(std::string(400, 'a'));
  Pattern::parse("\\(?=[(?=]");
  Pattern::parse("([a-z0-9]{1,63}[.]){1,8}[a-z]{2,63}");
}

}  // namespace sealift::release::pattern_test
