// SPDX-License-Identifier: Apache-2.0
#include "release/values/contract.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::release::contract_test {

using tests::error_of;
using tests::messages;

namespace {

Contract read(const std::string& keys) {
  const tests::ScratchFolder folder;
  make_dirs(folder / "environments");
  write_file(folder / "environments/schema.json",
             "{\"schema\": 1, \"keys\": {\n" + keys + "\n}}\n");
  return Contract::load(folder.path());
}

Key key_of(const std::string& key) {
  return *read("\"A\": " + key).find("A");
}

Json carried(const char* key) {
  return Json::parse(std::string("{\"A\": ") + key + "}");
}

}  // namespace

TEST_CASE("contract: a project without the file has none") {
  const tests::ScratchFolder folder;
  const Contract contract = Contract::load(folder.path());
  CHECK(contract.empty());
  CHECK(contract.breaches({{"ANY", 1}}).empty());
}

TEST_CASE("contract: one without keys is a mistake, since it would refuse nothing") {
  const auto error = error_of([] { read(""); });
  REQUIRE(error);
  CHECK(error->message().find("expected a mapping of 1 to 10000 keys") != std::string::npos);
}

TEST_CASE("contract: JSON is read as other programs read it") {
  const Contract contract =
      read("\t\"A\":{\"means\":\"caf\\u00e9 \\\"x\\\"\",\n\t\"pattern\":\"\\\\d+\\/\"}");
  CHECK(contract.find("A")->meaning == "caf\u00e9 \"x\"");
  CHECK(contract.find("A")->pattern == "\\d+/");
}

TEST_CASE("contract: it comes back from release.json as it went in") {
  const Contract contract = read(
      R"("URL": {"required": true, "pattern": "https://\\S+", "since": "1.2.0", "means": "where"},
         "LEVEL": {"enum": ["debug", "info"], "default": "info", "means": "how much"},
         "PORTS": {"type": "list", "enum": [80, 443], "default": [443], "means": "which"},
         "PASSWORD": {"secret": true, "pattern": ".{12,}", "means": "of the database"})");
  CHECK(contract.keys().size() == 4);
  CHECK(Contract::from_json(contract.to_json(), "contract") == contract);
  CHECK(contract.is_secret("PASSWORD"));
  CHECK_FALSE(contract.is_secret("URL"));
  CHECK_FALSE(contract.is_secret("NONE"));
}

TEST_CASE("contract: every mistake is said, with its line") {
  const auto error = error_of([] {
    read(R"("A": {"type": "number", "means": "m"},
"B": {"patern": "x", "means": "m"},
"C": {"pattern": "(", "means": "m"},
"D": {"type": "integer", "pattern": "x", "means": "m"},
"E": {"enum": ["a", 1], "means": "m"},
"F": {"enum": ["a"], "default": "b", "means": "m"},
"G": {"type": "integer", "default": "1", "means": "m"},
"H": {"secret": true, "default": "hunter2", "means": "m"},
"I": {"required": true, "default": "x", "means": "m"},
"J": {"since": "1.2", "means": "m"},
"K-L": {"means": "m"},
"M": {"secret": true, "type": "list", "means": "m"},
"N": {},
"O": 7)");
  });
  REQUIRE(error);
  const std::string said = messages(error);
  CAPTURE(said);
  CHECK(error->code() == Errc::invalid_input);
  for (const char* part :
       {"schema.json:2: keys.A.type: found \"number\", expected one of text, integer, boolean, "
        "list",
        "schema.json:3: keys.B.patern: unknown key", "schema.json:4: keys.C.pattern: ",
        "schema.json:5: keys.D.pattern: found a pattern, expected none for integer",
        "schema.json:6: keys.E.enum: found the number 1, expected text",
        "schema.json:7: keys.F.default: found \"b\", expected one of a",
        "schema.json:8: keys.G.default: found \"1\", expected a whole number",
        "schema.json:9: keys.H.default: found a default, expected none for a secret",
        "schema.json:10: keys.I.required: found true beside a default",
        "schema.json:11: keys.J.since: ", "schema.json:12: keys.K-L: found the key \"K-L\"",
        "schema.json:13: keys.M.type: found list for a secret, expected text",
        "schema.json:14: keys.N: missing key \"means\"",
        "schema.json:15: keys.O: found the number 7"}) {
    CAPTURE(part);
    CHECK(said.find(part) != said.npos);
  }
  CHECK(said.find("hunter2") == said.npos);
}

TEST_CASE("contract: a type that is none brings no second message") {
  const std::string said =
      messages(error_of([] { read(R"("A": {"type": "int", "default": 3000, "means": "m"})"); }));
  CHECK(said.find("keys.A.type: found \"int\"") != std::string::npos);
  CHECK(std::count(said.begin(), said.end(), '\n') == 1);
}

TEST_CASE("contract: a hostile one in a bundle is corrupt") {
  for (const char* key :
       {R"(7)", R"({"type": "text"})", R"({"means": "m"})", R"({"type": "number", "means": "m"})",
        R"({"type": "text", "means": ""})", R"({"type": "text", "means": "m", "more": 1})",
        R"({"type": "text", "means": "m", "pattern": "("})",
        R"({"type": "text", "means": "m", "pattern": "((a{999}){999}){999}"})",
        R"({"type": "text", "means": "m", "enum": []})",
        R"({"type": "text", "means": "m", "enum": [["a"]]})",
        R"({"type": "text", "means": "m", "default": 1})",
        R"({"type": "list", "means": "m", "default": [[1]]})",
        R"({"type": "text", "means": "m", "secret": true, "default": "x"})",
        R"({"type": "text", "means": "m", "required": 1})",
        R"({"type": "text", "means": "m", "since": "new"})"}) {
    CAPTURE(key);
    const auto error =
        error_of([&] { Contract::from_json(carried(key), "release.json: contract"); });
    REQUIRE(error);
    CHECK(error->code() == Errc::corrupt);
    CHECK(error->message().starts_with("release.json: contract.A"));
  }
  CHECK(error_of([] { Contract::from_json(Json::object(), "contract"); }));
  const Json named = {{"A B", {{"type", "text"}, {"means", "m"}}}};
  CHECK(error_of([&] { Contract::from_json(named, "contract"); }));
}

TEST_CASE("contract: a value is of its type, among its choices, and as its pattern says") {
  CHECK(key_of(R"({"means": "m"})").refuse("x").empty());
  CHECK(key_of(R"({"means": "m"})").refuse(3000) == "found the number 3000, expected text");
  CHECK(key_of(R"({"type": "integer", "means": "m"})").refuse("3000") ==
        "found \"3000\", expected a whole number");
  CHECK(key_of(R"({"type": "integer", "means": "m"})").refuse(-3).empty());
  CHECK(key_of(R"({"type": "boolean", "means": "m"})").refuse("yes") ==
        "found \"yes\", expected true or false");
  CHECK(key_of(R"({"enum": ["a", "b"], "means": "m"})").refuse("c") ==
        "found \"c\", expected one of a, b");
  CHECK(key_of(R"({"pattern": "[a-z]+", "means": "m"})").refuse("A") ==
        "found \"A\", expected text that matches [a-z]+");
  const Key list = key_of(R"({"type": "list", "pattern": "[a-z]+", "means": "m"})");
  CHECK(list.refuse(Json::array({"a", "b"})).empty());
  CHECK(list.refuse(Json::array({"a", "B"})).starts_with("found \"B\" in a list"));
  CHECK(list.refuse("a").starts_with("found \"a\", expected a list"));
  CHECK(list.refuse(Json::array({Json::array()})).starts_with("found a list"));
}

TEST_CASE("contract: a list holds texts, numbers and truths, or mappings of such") {
  Key list;
  list.type = "list";
  CHECK(list.refuse(Json::parse(R"(["a", 1, true])")).empty());
  CHECK(list.refuse(Json::parse(R"([{"host": "a", "port": 1}])")).empty());
  CHECK_FALSE(list.refuse(Json::parse(R"([["a"]])")).empty());
  CHECK_FALSE(list.refuse(Json::parse(R"([{"host": {"a": 1}}])")).empty());
  CHECK_FALSE(list.refuse(Json::parse(R"(["a", {"host": "a"}])")).empty());
}

TEST_CASE("contract: a secret's value is in no message") {
  const Key key = key_of(R"({"secret": true, "pattern": ".{12,}", "means": "m"})");
  CHECK(key.refuse("hunter2") == "found another value, expected text that matches .{12,}");
}

TEST_CASE("contract: text becomes what the key is, or stays text to be refused") {
  Key key;
  CHECK(key.read("3000") == "3000");
  key.type = "integer";
  CHECK(key.read("3000") == 3000);
  CHECK(key.read("-1") == -1);
  CHECK(key.read("007") == "007");
  CHECK(key.read("-0") == "-0");
  CHECK(key.read("1.5") == "1.5");
  CHECK(key.read("99999999999999999999") == "99999999999999999999");
  key.type = "boolean";
  CHECK(key.read("true") == true);
  CHECK(key.read("yes") == "yes");
  key.type = "list";
  CHECK(key.read("[\"a\",1]") == Json::array({"a", 1}));
  CHECK(key.read("a,b") == "a,b");
}

TEST_CASE("contract: an unknown key is named with the one that was meant") {
  const Contract contract = read(R"("PUBLIC_URL": {"means": "m"})");
  const std::vector<Breach> breaches =
      contract.breaches({{"PUBLIC_ULR", "x"}, {"PUBLIC_URL", nullptr}});
  REQUIRE(breaches.size() == 1);
  CHECK(breaches[0].key == "PUBLIC_ULR");
  CHECK(breaches[0].hint == "did you mean \"PUBLIC_URL\"?");
}

}  // namespace sealift::release::contract_test
