// SPDX-License-Identifier: Apache-2.0
#include "release/text/yaml.hpp"

#include <catch2/catch.hpp>

#include "base/format.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::release::yaml_test {

using tests::error_of;
using tests::messages;

namespace {

Json read(const std::string& text) {
  return YamlDocument::parse(text, "f.yaml").value();
}

std::string refused(const std::string& text) {
  const auto error = error_of([&] { read(text); });
  if (error) CHECK(error->code() == Errc::invalid_input);
  return messages(error);
}

}  // namespace

TEST_CASE("yaml: scalars are what they look like, and nothing more") {
  CHECK(read("a: text\nb: 7\nc: -7\nd: true\ne: false\nf:\ng: ~\nh: null\n") ==
        Json({{"a", "text"},
              {"b", 7U},
              {"c", -7},
              {"d", true},
              {"e", false},
              {"f", nullptr},
              {"g", nullptr},
              {"h", nullptr}}));
  CHECK(read("[yes, no, on, off, True, 0x10, 1e3, 12:30, 2026-01-01]") ==
        Json({"yes", "no", "on", "off", "True", "0x10", "1e3", "12:30", "2026-01-01"}));
  CHECK(read("['1', \"true\", 'null', '1.10']") == Json({"1", "true", "null", "1.10"}));
  CHECK(read("a: |\n  one\n  two\n") == Json({{"a", "one\ntwo\n"}}));
  CHECK(read("a: |+\n  one\n\n") == Json({{"a", "one\n\n"}}));
  CHECK(read("a: >-\n  one\n  two\n") == Json({{"a", "one two"}}));
  CHECK(read("1.0.0") == Json("1.0.0"));
}

TEST_CASE("yaml: a number with a point must be quoted") {
  for (const char* text : {"v: 1.10", "v: -0.5", "v: .5", "v: 1."}) {
    CAPTURE(text);
    CHECK(refused(text).find("f.yaml:1: found the number") != std::string::npos);
  }
}

TEST_CASE("yaml: a number that would lose characters must be quoted") {
  for (const char* text : {"+94771234567", "01234", "0755", "-007", "-0", "+1"}) {
    CAPTURE(text);
    const auto error = error_of([&] { read(format("v: {}", text)); });
    REQUIRE(error);
    CHECK(error->message().starts_with(format("f.yaml:1: found {}, which would be read", text)));
    CHECK(error->hint().starts_with(format("write \"{}\" in quotes", text)));
    CHECK(YamlDocument::parse(format("v: {}", text), "f", Yaml::foreign).value()["v"] == text);
  }
  CHECK(read("[0, 10, -10, 1_000, 0o17, 00x]") ==
        Json::array({0U, 10U, -10, "1_000", "0o17", "00x"}));
}

TEST_CASE("yaml: a byte order mark and what people write are no mistakes") {
  CHECK(read("\xef\xbb\xbf"
             "a: 1 # \xe2\x9a\xa0\xef\xb8\x8f\n") == Json({{"a", 1U}}));
}

TEST_CASE("yaml: integers beyond 2^53 are refused") {
  CHECK(read("v: 9007199254740992")["v"] == 9007199254740992U);
  CHECK_FALSE(refused("v: 9007199254740993").empty());
  CHECK_FALSE(refused("v: -9007199254740993").empty());
  CHECK_FALSE(refused("v: 99999999999999999999999").empty());
}

TEST_CASE("yaml: duplicate keys are refused with the line of the second") {
  CHECK(refused("a: 1\nb: 2\na: 3\n") == "f.yaml:3: found the key \"a\" twice\n");
  CHECK(refused("x:\n  k: 1\n  k: 1\n") == "f.yaml:3: found the key \"k\" twice\n");
  CHECK(refused("a: 1\n\"a\": 2\n") == "f.yaml:2: found the key \"a\" twice\n");
  CHECK(refused("[{a: 1, a: 2}]") == "f.yaml:1: found the key \"a\" twice\n");
  CHECK(read("x: {k: 1}\ny: {k: 1}")["y"]["k"] == 1);
}

TEST_CASE("yaml: anchors, aliases, merges and tags are refused with their lines") {
  const std::string text = "a: &anchor 1\nb: *anchor\nc: !!str 2\nd: !mine 3\ne: !!binary aGk=\n";
  const std::string all = refused(text);
  CHECK(all.find("f.yaml:1: found an anchor") != std::string::npos);
  CHECK(all.find("f.yaml:2: found an alias") != std::string::npos);
  CHECK(all.find("f.yaml:3: found the tag") != std::string::npos);
  CHECK(all.find("f.yaml:4: found the tag") != std::string::npos);
  CHECK(all.find("f.yaml:5: found the tag") != std::string::npos);
  CHECK_FALSE(refused("a: &x {b: 1}\nc:\n  <<: *x\n").empty());
  CHECK_FALSE(refused("&x a: 1").empty());
  CHECK_FALSE(refused("!!map {a: 1}").empty());
  CHECK_FALSE(refused("a: &x [1]").empty());
}

TEST_CASE("yaml: a bomb of aliases costs nothing") {
  std::string text = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before +
            "]\n";
  }
  CHECK_FALSE(refused(text).empty());
}

TEST_CASE("yaml: aliases that copy one large text many times are refused") {
  std::string text = "a: &a " + std::string(std::size_t{1} << 19U, 'x') + "\nb: [*a";
  for (int i = 0; i < 40; ++i) text += ", *a";
  const std::string all =
      messages(error_of([&] { YamlDocument::parse(text + "]\n", "f.yaml", Yaml::foreign); }));
  CHECK(all.find("f.yaml:2: found aliases that stand for more than") != std::string::npos);
}

TEST_CASE("yaml: one document, and not none") {
  CHECK(refused("a: 1\n---\nb: 2\n").find("f.yaml:2: found a second document") !=
        std::string::npos);
  CHECK(refused(",").find("f.yaml:1: found a second document") != std::string::npos);
  CHECK_FALSE(refused("").empty());
  CHECK_FALSE(refused("# only a comment\n").empty());
  CHECK(read("---\na: 1\n...\n")["a"] == 1);
  CHECK(read("a: 1\n...\n# a comment\n")["a"] == 1);
  CHECK(read("a: 1")["a"] == 1);
}

TEST_CASE("yaml: nesting has a limit, far below what would break the reader") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK_NOTHROW(read(nested(32)));
  CHECK(refused(nested(33)).find("deeper than 32") != std::string::npos);
  CHECK_NOTHROW(YamlDocument::parse(nested(60), "a.yaml", Yaml::foreign));
  CHECK(messages(error_of([&] {
          YamlDocument::parse(nested(61), "a.yaml", Yaml::foreign);
        })).find("deeper than 60") != std::string::npos);
  CHECK_FALSE(refused(nested(100'000)).empty());
  CHECK_FALSE(refused(std::string(100'000, '[')).empty());
  std::string maps;
  for (int i = 0; i < 1000; ++i) maps += "{a: ";
  CHECK_FALSE(refused(maps + "1" + std::string(1000, '}')).empty());
}

TEST_CASE("yaml: a key is text") {
  for (const char* text : {"? [a]\n: 1\n", "{a: 1}: 2\n", "~: 1\n? {a: b}\n: c\n", ": 1\n"}) {
    CAPTURE(text);
    CHECK_FALSE(refused(text).empty());
  }
}

TEST_CASE("yaml: sizes have limits") {
  CHECK_FALSE(refused("a: " + std::string(kMaxYamlScalar + 1, 'x')).empty());
  CHECK_NOTHROW(read("a: " + std::string(kMaxYamlScalar, 'x')));
  const std::string dashboard(kMaxForeignYamlBytes - 100,
                              'x');  // in a ConfigMap, `configs` of Compose
  CHECK(YamlDocument::parse("a: " + dashboard, "a.yaml", Yaml::foreign).value()["a"].text() ==
        dashboard);
  CHECK_FALSE(refused(std::string(kMaxYamlBytes + 1, ' ')).empty());
}

TEST_CASE("yaml: hidden characters and broken UTF-8 are refused with their line") {
  for (const char* bad : {"\x1b[2J", "\xe2\x80\xae", "\xff", "\xef\xbb\xbf", "\xc2\x85"}) {
    const std::string text = refused("a: 1\nb: x" + std::string(bad) + "\n");
    CHECK(text.starts_with("f.yaml:2: "));
    CHECK(text.find(bad) == std::string::npos);
  }
  CHECK_FALSE(refused(std::string("a: 1\0", 5)).empty());
}

TEST_CASE("yaml: what is no YAML is refused with its line") {
  CHECK(refused("a: 1\nb: [1, 2\n").starts_with("f.yaml:"));
  for (const char* open : {"a: 'open\n", "a: 'open", "a: \"open\n", "a: \"open\nb: 2\n"}) {
    CHECK(refused(open).starts_with("f.yaml:"));
  }
  CHECK(refused("a: 1\n b: 2\n").starts_with("f.yaml:2"));
  CHECK(refused("a:\n\t- 1\n").starts_with("f.yaml:2"));
}

TEST_CASE("yaml: a tab that indents is named where the reader gives up") {
  for (const char* text : {"a:\n\tb: 1\n", "a:\n  b: 1\n \tc: 1\n"}) {
    const auto refused = tests::error_of([&] { YamlDocument::parse(text, "f.yaml"); });
    REQUIRE(refused);
    CHECK(refused->hint().find("is indented with a tab") != std::string::npos);
  }
  const auto other = tests::error_of([] { YamlDocument::parse("a: [1\n", "f.yaml"); });
  REQUIRE(other);
  CHECK(other->hint().find("tab") == std::string::npos);
}

TEST_CASE("yaml: all mistakes are reported together") {
  CHECK(error_of([] { read("a: &x 1\nb: 1.5\na: 2\n"); })->problems().size() == 3);
}

TEST_CASE("yaml: every value knows its line") {
  const YamlDocument document = YamlDocument::parse(
      "name: x\n\n# comment\nlist:\n  - one\n  - key: two\n    other: three\nflow: {a: 1, b: "
      "[2]}\n",
      "f.yaml");
  CHECK(document.line_of("/name") == 1);
  CHECK(document.line_of("/list") == 4);
  CHECK(document.line_of("/list/0") == 5);
  CHECK(document.line_of("/list/1/key") == 6);
  CHECK(document.line_of("/list/1/other") == 7);
  CHECK(document.line_of("/flow/b/0") == 8);
  CHECK(document.line_of("/list/1/missing") == 6);
  CHECK(document.line_of("/missing") == 1);
  CHECK(document.where("/list/1/other") == "f.yaml:7: list[1].other");
  CHECK(document.where("") == "f.yaml:1");
}

TEST_CASE("yaml: windows line ends are read") {
  CHECK(read("a: 1\r\nb: two\r\n") == Json({{"a", 1U}, {"b", "two"}}));
}

}  // namespace sealift::release::yaml_test
