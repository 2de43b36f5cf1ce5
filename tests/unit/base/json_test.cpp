// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::json_test {

using tests::error_of;
using tests::messages;
using tests::refusal_of;

namespace {

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

std::optional<Error> refused(const std::string& text) {
  return error_of([&] { parse_json(text, "doc.json"); });
}

}  // namespace

TEST_CASE("json: a canonical document comes back byte for byte") {
  const std::string text =
      R"({"a":[1,-2,true,null,"x"],"b":{"\"":"é","Z":9007199254740992},"c":-9007199254740992})";
  CHECK(to_canonical(parse_json(text, "doc.json")) == text);
}

TEST_CASE("json: the canonical form sorts keys and has no white space") {
  CHECK(to_canonical(parse_json("{ \"b\" : 1 ,\n\"a\" : [ ] }", "doc.json")) ==
        R"({"a":[],"b":1})");
}

TEST_CASE("json: the same key twice is refused, at any depth and in any spelling") {
  for (const char* text : {R"({"a":1,"a":1})", R"([{"x":{"k":1,"b":2,"k":3}}])",
                           R"({"a":1,"\u0061":2})", R"({"a":{},"a":[]})"}) {
    CAPTURE(text);
    CHECK(messages(refused(text)).find("twice") != std::string::npos);
  }
}

TEST_CASE("json: equal keys in different objects are no duplicates") {
  CHECK(parse_json(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})", "doc.json")["b"][1]["a"] == 2);
}

TEST_CASE("json: depth 64 is read and depth 65 refused") {
  CHECK_NOTHROW(parse_json(nested(64), "doc.json"));
  CHECK(messages(refused(nested(65))).find("deeper than 64") != std::string::npos);
  CHECK(refused(nested(1'000'000)));
  CHECK(refused(std::string(1'000'000, '[')));
}

TEST_CASE("json: integers beyond 2^53 are refused, not rounded") {
  for (const char* text :
       {"9007199254740993", "-9007199254740993", "18446744073709551615", "18446744073709551616",
        "-9223372036854775809", "99999999999999999999999"}) {
    CAPTURE(text);
    CHECK(refused(text));
  }
}

TEST_CASE("json: floating point is refused in every spelling") {
  for (const char* text : {"1.0", "1e2", "1E2", "-0.0", "0.1", "1e999", "{\"a\":[1.5]}"}) {
    CAPTURE(text);
    CHECK(refused(text));
  }
}

TEST_CASE("json: what is no JSON is refused") {
  for (const std::string& text : {std::string(),
                                  std::string(" "),
                                  std::string("{"),
                                  std::string("[1,]"),
                                  std::string("{\"a\":1,}"),
                                  std::string("{'a':1}"),
                                  std::string("{a:1}"),
                                  std::string("nul"),
                                  std::string("NaN"),
                                  std::string("Infinity"),
                                  std::string("01"),
                                  std::string("+1"),
                                  std::string("// x\n1"),
                                  std::string("/* x */ 1"),
                                  std::string("\"\t\""),
                                  std::string("\"\\x41\""),
                                  std::string("\"\\ud800\""),
                                  std::string("[1\0]", 4),
                                  std::string("\xef\xbb\xbf"),
                                  std::string("\"open")}) {
    CAPTURE(text);
    CHECK(refused(text));
  }
}

TEST_CASE("json: nothing may follow the value but white space") {
  CHECK_NOTHROW(parse_json("{}\n", "doc.json"));
  for (const std::string& text : {std::string("{}{}"), std::string("{} x"), std::string("1 2"),
                                  std::string("{}\0", 3), std::string("{}]")}) {
    CAPTURE(text);
    CHECK(refused(text));
  }
}

TEST_CASE("json: broken UTF-8 is refused when read and when written") {
  for (const char* bad : {"\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    CHECK(refused("\"" + std::string(bad) + "\""));
    CHECK(refusal_of([&] { to_canonical(Json(bad)); }) == Errc::invalid_input);
  }
}

TEST_CASE("json: an error names the document, has the kind asked for and shows no control bytes") {
  const auto error =
      error_of([] { parse_json(R"({"\u001b[2J":1,"\u001b[2J":2})", "doc.json", Errc::untrusted); });
  REQUIRE(error);
  CHECK(error->code() == Errc::untrusted);
  CHECK(error->message().starts_with("doc.json: "));
  CHECK(error->message().find('\x1b') == std::string::npos);
}

TEST_CASE("fields: each type is checked and named") {
  const Json object = parse_json(
      R"({"text":"a","number":7,"negative":-1,"flag":true,"list":["x",1],"object":{}})", "doc");
  Fields fields(object, "doc");
  CHECK(fields.text("text") == "a");
  CHECK(fields.number("number") == 7);
  CHECK(fields.flag("flag"));
  CHECK_FALSE(fields.text_if("missing"));
  CHECK_FALSE(fields.number_if("missing"));
  CHECK(fields.value_if("missing") == nullptr);
  CHECK(messages(error_of([&] { fields.text("number"); })) ==
        "doc.number: found number, expected text\n");
  CHECK(refusal_of([&] { fields.number("negative"); }) == Errc::corrupt);
  CHECK(refusal_of([&] { fields.number("text"); }) == Errc::corrupt);
  CHECK(refusal_of([&] { fields.number("flag"); }) == Errc::corrupt);
  CHECK(refusal_of([&] { fields.flag("number"); }) == Errc::corrupt);
  CHECK(refusal_of([&] { fields.array("object"); }) == Errc::corrupt);
  CHECK(refusal_of([&] { fields.object("list"); }) == Errc::corrupt);
  CHECK(refusal_of([&] { fields.texts("list"); }) == Errc::corrupt);
  CHECK(refusal_of([&] { fields.text("missing"); }) == Errc::corrupt);
  CHECK(refusal_of([&] { fields.constant("text", "b"); }) == Errc::corrupt);
  CHECK(refusal_of([&] { fields.constant("number", 8); }) == Errc::corrupt);
  CHECK_NOTHROW(fields.done());
}

TEST_CASE("fields: a field that nobody asked for is refused") {
  const Json object = parse_json(R"({"a":1,"b":2})", "doc");
  Fields fields(object, "doc");
  fields.number("a");
  CHECK(messages(error_of([&] { fields.done(); })) == "doc: found the unknown field \"b\"\n");
}

TEST_CASE("fields: what a newer program wrote is called so") {
  const Json object = parse_json(R"({"format":2,"seq":2})", "doc");
  Fields fields(object, "doc");
  const auto error = error_of([&] { fields.constant("format", std::uint64_t{1}); });
  CHECK(messages(error) == "doc.format: found 2, which this program is too old for: it reads 1\n");
  CHECK(error->hint().starts_with("use the version that wrote it"));
  CHECK(messages(error_of([&] { fields.constant("format", std::uint64_t{3}); })) ==
        "doc.format: found 2, expected 3\n");
  CHECK(messages(error_of([&] { fields.constant("seq", std::uint64_t{1}); })) ==
        "doc.seq: found 2, expected 1\n");
}

TEST_CASE("fields: a key from outside is shown without its control bytes") {
  const Json object = parse_json(R"({"\u001b[2J":1})", "doc");
  Fields fields(object, "doc");
  CHECK(messages(error_of([&] { fields.text("\x1b[2J"); })).find('\x1b') == std::string::npos);
}

TEST_CASE("fields: text in the place of a number is shown without its hidden characters") {
  const Json value = {{"size", "\u202e"}};
  Fields fields(value, "doc");
  CHECK(messages(error_of([&] { fields.number("size"); })) ==
        "doc.size: found \"\\xe2\\x80\\xae\", expected a whole number of 0 or more\n");
}

TEST_CASE("fields: only an object has fields") {
  for (const char* text : {"[]", "1", "null", "\"x\""}) {
    const Json value = parse_json(text, "doc");
    CHECK(refusal_of([&] { Fields(value, "doc"); }) == Errc::corrupt);
  }
}

}  // namespace sealift::json_test
