// SPDX-License-Identifier: Apache-2.0
#include "release/flags/flags.hpp"

#include <catch2/catch.hpp>

#include "base/format.hpp"
#include "release/flags/flags_file.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::release::flags_test {

using tests::error_of;
using tests::messages;
using tests::refusal_of;

namespace {

FlagSet read(const std::string& flags) {
  return parse_flags("schema: 1\nflags:\n" + flags, "flags/e.yaml").set;
}

std::string refused(const std::string& flags) {
  return messages(error_of([&] { read(flags); }));
}

}  // namespace

TEST_CASE("flags: the short form is a flag with the variants on and off") {
  const FlagSet set = read("  a: true\n  b: false\n");
  CHECK(set.flags.at("a").default_variant == "on");
  CHECK(set.flags.at("b").default_variant == "off");
  CHECK(set.flags.at("b").variants == std::map<std::string, Json>{{"off", false}, {"on", true}});
}

TEST_CASE("flags: on and off are names, not truth") {
  const FlagSet set = read("  a: {default: off, variants: {on: 1, off: 0}}\n");
  CHECK(set.flags.at("a").default_variant == "off");
  CHECK(set.flags.at("a").type() == "number");
}

TEST_CASE("flags: numbers with a point are quoted, and said to be numbers") {
  const FlagSet set =
      read("  a: {default: x, type: number, variants: {x: \"0.25\", y: 1, z: \"-1.5\"}}\n");
  CHECK(set.flags.at("a").variants.at("x") == 0.25);
  CHECK(set.flags.at("a").variants.at("z") == -1.5);
  for (const char* text : {"1e3", "0x10", " 1", "inf", "1.2.3", ""}) {
    CAPTURE(text);
    CHECK(refused(format("  a: {{default: x, type: number, variants: {{x: \"{}\"}}}}\n", text)) ==
          "flags/e.yaml:3: flags.a.variants.x: found string, expected number\n");
  }
}

TEST_CASE("flags: all mistakes are told in one run, each with its line") {
  CHECK(refused("  a: {default: z, variants: {x: 1, y: 2}}\n"
                "  b: {default: x, variants: {x: 1, y: text}}\n"
                "  'c d': true\n"
                "  e: {default: x, variants: {x: [1]}}\n"
                "  f: {default: on, variants: {on: true}, metadata: {description: x}}\n") ==
        "flags/e.yaml:3: flags.a.default: found \"z\", which is no variant\n"
        "flags/e.yaml:4: flags.b.variants.y: found string, expected number\n"
        "flags/e.yaml:5: flags.c d: found the name \"c d\", expected at most 128 letters, digits, "
        "_ . -\n"
        "flags/e.yaml:6: flags.e.variants.x: found a list or nothing, expected boolean, string, "
        "number or object\n"
        "flags/e.yaml:7: flags.f.metadata.description: found description, which is written here\n");
}

TEST_CASE("flags: what is written for applications is read again as it was") {
  const FlagSet set = read(
      "  a: {default: x, type: number, variants: {x: \"0.1\", y: 3}, next_release: reset,"
      " meaning: how much, enabled: false, metadata: {team: search}}\n"
      "  b: {default: off, variants: {on: true, off: false},"
      " targeting: {if: [{$ref: r}, on, null]}}\n"
      "evaluators: {r: {==: [{var: a}, b]}}\n"
      "metadata: {flagSetId: x}\n");
  const std::string text = to_flagd(set);
  CHECK(flags_from_flagd(text, "e.json") == set);
  CHECK(to_flagd(flags_from_flagd(text, "e.json")) == text);
  const Json value = Json::parse(text);
  CHECK(value["flags"]["a"]["metadata"] ==
        Json{{"description", "how much"}, {"nextRelease", "reset"}, {"team", "search"}});
  CHECK(value["flags"]["a"]["state"] == "DISABLED");
  CHECK(value["$evaluators"]["r"] == Json{{"==", {{{"var", "a"}}, "b"}}});
}

TEST_CASE("flags: a flag file that a writer of ours would not write is refused") {
  const std::string good = to_flagd(read("  a: true\n"));
  CHECK_NOTHROW(flags_from_flagd(good, "e.json"));
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"ENABLED", "on"},
      {"\"on\": true", "\"on\": 1"},
      {"\"on\",", "\"up\","},
      {"\"flags\"", "\"flaggs\""},
      {"flags.json", "other.json"},
      {"  \"flags\"", "\"flags\""},
      {"\"a\"", "\"a b\""},
      {"\"state\"", "\"extra\": 1, \"state\""}};
  for (const auto& [from, to] : changes) {
    CAPTURE(to);
    std::string changed = good;
    REQUIRE(changed.find(from) != std::string::npos);
    changed.replace(changed.find(from), from.size(), to);
    CHECK(refusal_of([&] { flags_from_flagd(changed, "e.json"); }) == Errc::corrupt);
  }
  CHECK(refusal_of([&] { flags_from_flagd(std::string(kMaxFlagdBytes + 1, ' '), "e.json"); }) ==
        Errc::corrupt);
}

TEST_CASE("flags: every environment has the same flags with the same variants") {
  const auto compared = [](const std::string& one, const std::string& two) {
    std::map<std::string, FlagsFile> files;
    files.emplace("one", parse_flags("schema: 1\nflags:\n" + one, "one.yaml"));
    files.emplace("two", parse_flags("schema: 1\nflags:\n" + two, "two.yaml"));
    Problems problems;
    compare_flags(files, problems);
    return problems.all();
  };
  CHECK(compared("  a: true\n", "  a: false\n").empty());
  CHECK(compared("  a: {default: x, variants: {x: 1}}\n", "  a: {default: x, variants: {x: 2}}\n")
            .empty());
  const std::vector<Problem> gone = compared("  a: true\n  search: true\n", "  a: true\n");
  REQUIRE(gone.size() == 1);
  CHECK(gone[0].message ==
        "two.yaml:2: flags: has no flag \"search\", which one.yaml:4: flags.search has");
  const std::vector<Problem> near = compared("  search: true\n", "  serch: true\n");
  REQUIRE(near.size() == 2);
  CHECK(near[1].hint == "two.yaml:3: flags.serch: did you mean \"search\"?");
  CHECK(compared("  a: true\n", "  a: {default: on, variants: {on: 1, off: 0}}\n").size() == 1);
  CHECK(compared("  a: true\n", "  a: {default: on, variants: {on: true}}\n").size() == 1);
}

TEST_CASE("flags: a name is plain") {
  for (const char* good : {"a", "A.b-c_1", "0"}) CHECK(is_flag_name(good));
  for (const char* bad : {"", "-a", ".a", "a b", "a/b", "\u00e4"}) CHECK_FALSE(is_flag_name(bad));
  CHECK(is_flag_name(std::string(128, 'a')));
  CHECK_FALSE(is_flag_name(std::string(129, 'a')));
}

}  // namespace sealift::release::flags_test
