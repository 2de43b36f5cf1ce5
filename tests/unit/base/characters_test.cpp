// SPDX-License-Identifier: Apache-2.0
#include "base/characters.hpp"

#include <catch2/catch.hpp>

#include "base/path.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::characters_test {

using tests::error_of;
using tests::messages;

namespace {

// What people write, with characters that have no shape of their own.
const char* const kWritten[] = {
    "\xe2\x9a\xa0\xef\xb8\x8f",                      // warning sign, as an emoji
    "1\xef\xb8\x8f\xe2\x83\xa3",                     // a keycap
    "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9",  // a family
    "\xf0\x9f\x91\x81\xef\xb8\x8f\xe2\x80\x8d\xf0\x9f\x97\xa8\xef\xb8\x8f",  // selector, joiner
    "\xe0\xb7\x81\xe0\xb7\x8a\xe2\x80\x8d\xe0\xb6\xbb\xe0\xb7\x93",          // Sinhala
    "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae\xd9\x88\xd8\xa7\xd9\x87\xd9\x85",  // Persian
    ("\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7\xf3\xa0\x81\xa2\xf3\xa0\x81\xa5\xf3\xa0\x81"  // a flag
     "\xae\xf3\xa0\x81\xa7\xf3\xa0\x81\xbf"),
};

}  // namespace

TEST_CASE("characters: what people write is content, a name, and shown as it is") {
  for (const char* text : kWritten) {
    CAPTURE(text);
    CHECK_NOTHROW(check_content(text, "f"));
    CHECK_NOTHROW(check_name(text));
    CHECK(printable(text) == text);
  }
}

TEST_CASE("characters: content may hold what a name may not") {
  for (const char* text : {
           "a\xe2\x80\x8d"
           "b",             // a joiner between Latin letters
           "\xe2\x80\x8b",  // zero width space
           "a\xc2\xad"
           "b",             // soft hyphen
           "\xe2\x80\x8f",  // right-to-left mark
           "\xee\x80\x80",  // private use
           "\xcd\xb8",      // unassigned: of a newer Unicode, perhaps
       }) {
    CAPTURE(printable(text));
    CHECK_NOTHROW(check_content(text, "f"));
    CHECK(tests::refusal_of([&] { check_name(text); }) == Errc::invalid_input);
    CHECK(printable(text) != text);
  }
}

TEST_CASE("characters: what hides or turns text is no content") {
  for (const char* text : {
           "\xe2\x80\xae",      // right-to-left override
           "\xe2\x81\xa6",      // left-to-right isolate
           "\xe2\x80\xa8",      // line separator
           "\xf3\xa0\x81\x81",  // a tag without a flag
           "\xef\xbf\xbe",      // no character
           "\x1b",
           "\x7f",
           "\xc2\x85",
           "\xff",
           "\r"
           "a",
       }) {
    CAPTURE(printable(text));
    CHECK(tests::refusal_of([&] { check_content(std::string("a") + text, "f"); }) ==
          Errc::invalid_input);
    CHECK(tests::refusal_of([&] { check_name(std::string("a") + text); }) == Errc::invalid_input);
  }
}

TEST_CASE("characters: a byte order mark is content at the beginning only") {
  CHECK_NOTHROW(
      check_content("\xef\xbb\xbf"
                    "a",
                    "f"));
  CHECK(without_byte_order_mark("\xef\xbb\xbf"
                                "a") == "a");
  CHECK_FALSE(messages(error_of([] { check_content("a\xef\xbb\xbf", "f"); })).empty());
}

TEST_CASE("characters: every line with a mistake is said, with the character's name") {
  const std::string said = messages(error_of([] {
    check_content(
        "good\r\n\xe2\x80\xae"
        "a\n\tb\nc\xff\n",
        "f");
  }));
  CHECK(said.find("f:2: found the character U+202E") != said.npos);
  CHECK(said.find("f:4: found text that is not UTF-8") != said.npos);
  CHECK(said.find("f:1:") == said.npos);
  CHECK(said.find("f:3:") == said.npos);
}

TEST_CASE("characters: names that differ only in what cannot be seen collide") {
  CHECK(fold_case("\xd9\x85\xe2\x80\x8c\xd8\xae") == fold_case("\xd9\x85\xd8\xae"));
}

}  // namespace sealift::characters_test
