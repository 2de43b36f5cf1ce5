// SPDX-License-Identifier: Apache-2.0
#include "base/path.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::path_test {

using tests::messages;
using tests::refusal_of;

namespace {

std::optional<Errc> refused(const std::string& text) {
  return refusal_of([&] { RelPath::parse(text); });
}

}  // namespace

TEST_CASE("path: plain relative names are kept as they are") {
  for (const char* text :
       {"a", "a/b/c.txt", "..a/b..", "...", "a b/-x", "~/$HOME", "\xc3\xa9t\xc3\xa9",
        "\xe6\x97\xa5\xe6\x9c\xac/\xf0\x9f\x9a\xa2", "C:\\x"}) {
    CAPTURE(text);
    CHECK(RelPath::parse(text).str() == text);
  }
  CHECK(RelPath::parse("a/b/c").name() == "c");
  CHECK(RelPath::parse("a/b/c").parent() == "a/b");
  CHECK(RelPath::parse("a").name() == "a");
  CHECK(RelPath::parse("a").parent().empty());
}

TEST_CASE("path: whatever could leave the tree or has an empty component is refused") {
  for (const char* text : {"", "/", "/etc/passwd", "..", "../x", "a/..", "a/../b", "a/../../b", ".",
                           "./a", "a/.", "a/./b", "a//b", "a/", "//"}) {
    CAPTURE(text);
    CHECK(refused(text) == Errc::invalid_input);
  }
}

TEST_CASE("path: control characters are refused") {
  for (int c = 0; c < 0x20; ++c) {
    CAPTURE(c);
    CHECK(refused("a" + std::string(1, static_cast<char>(c)) + "b") == Errc::invalid_input);
  }
  CHECK(refused("a\x7f") == Errc::invalid_input);
  CHECK(refused("a\xc2\x85") == Errc::invalid_input);  // U+0085
  CHECK(refused(std::string("a\0/../..", 8)) == Errc::invalid_input);
}

TEST_CASE("path: characters that a reader cannot see are refused") {
  for (const char* hidden : {
           "\xe2\x80\xae",      // U+202E right-to-left override
           "\xe2\x80\x8f",      // U+200F right-to-left mark
           "\xe2\x81\xa6",      // U+2066 left-to-right isolate
           "\xe2\x80\x8b",      // U+200B zero width space
           "\xe2\x80\xa8",      // U+2028 line separator
           "\xc2\xad",          // U+00AD soft hyphen
           "\xef\xbb\xbf",      // U+FEFF byte order mark
           "\xef\xb8\x8f",      // U+FE0F variation selector
           "\xf3\xa0\x81\x81",  // U+E0041 tag
           "\xee\x80\x80",      // U+E000 private use
           "\xcd\xb8",          // U+0378 unassigned
       }) {
    CAPTURE(printable(hidden));
    CHECK(refused(std::string("a") + hidden + "b") == Errc::invalid_input);
  }
}

TEST_CASE("path: only normal form C is accepted") {
  CHECK_FALSE(refused("\xc3\xa9"));                       // composed
  CHECK(refused("e\xcc\x81") == Errc::invalid_input);     // decomposed
  CHECK(refused("\xe2\x84\xab") == Errc::invalid_input);  // angstrom sign, a singleton
}

TEST_CASE("path: broken UTF-8 is refused") {
  for (const char* bad : {"\x80", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xff"}) {
    CHECK(refused(std::string("a") + bad) == Errc::invalid_input);
  }
}

TEST_CASE("path: a component has at most 255 bytes and a path 4096") {
  const std::string full(255, 'a');
  CHECK_FALSE(refused(full));
  CHECK(refused(full + "a") == Errc::invalid_input);
  std::string path = full;
  while (path.size() + 256 <= 4096) path += "/" + full;
  CHECK(path.size() == 4095);
  CHECK_FALSE(refused(path));
  CHECK(refused(path + "/b") == Errc::invalid_input);
}

TEST_CASE("path: a refusal names the rule and shows no control bytes") {
  const std::string text = messages(tests::error_of([] { RelPath::parse("a/\x1b[2J"); }));
  CHECK(text.find("U+001B") != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("path: names that differ only in case fold to one") {
  CHECK(fold_case("README.md") == fold_case("readme.MD"));
  CHECK(fold_case("\xc3\x89") == fold_case("\xc3\xa9"));
  CHECK(fold_case("STRASSE") == fold_case("stra\xc3\x9f"
                                          "e"));
  CHECK(fold_case("a") != fold_case("b"));
}

TEST_CASE("printable: harmless text is left alone, the rest is spelled out and cut") {
  CHECK(printable("plain \xc3\xa9") == "plain \xc3\xa9");
  CHECK(printable("a\x1b[31m\n") == "a\\x1b[31m\\x0a");
  CHECK(printable("\xff\xe2\x80\xae") == "\\xff\\xe2\\x80\\xae");
  CHECK(printable(std::string(300, 'a'), 10) == "aaaaaaaaaa...");
}

}  // namespace sealift::path_test
