// SPDX-License-Identifier: Apache-2.0
#include "release/documents/hook.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"

namespace sealift::release::hook_test {

namespace {

const Json kRoot = Json::parse(R"({"hooks":[
  {"name":"tell","before":"stage","exec":["./tell.sh","{{PORT}}"],"env":["PORT"],"timeout":"5s"},
  {"name":"purge","after":"commit","exec":["purge"]}]})");

Json document_of(const std::vector<Hook>& hooks) {
  Json list = Json::array();
  for (const Hook& hook : hooks) list.push_back(to_json(hook));
  return parse_json(to_canonical(list), "x");
}

std::string refusals(const Json& hooks) {
  std::string all;
  check_hooks({{"hooks", hooks}},
              [&](const std::string& pointer, const std::string& found, const std::string&) {
                all += pointer + ": " + found + "\n";
              });
  return all;
}

}  // namespace

TEST_CASE("hooks: one says its moment, its command and how long it may take", "[release]") {
  CHECK(refusals(kRoot.at("hooks")).empty());
  const std::vector<Hook> hooks = read_hooks(kRoot);
  REQUIRE(hooks.size() == 2);
  CHECK(hooks[0].moment == Moment::before_stage);
  CHECK(hooks[0].run.timeout == std::chrono::seconds(5));
  CHECK(hooks[0].run.keys == std::vector<std::string>{"PORT"});
  CHECK(name(hooks[1].moment) == "after commit");
  CHECK(hooks[1].run.timeout == std::chrono::seconds(60));
  CHECK(scripts_named(commands_of({}, hooks)) == std::set<std::string>{"tell.sh"});
}

TEST_CASE("hooks: they survive the bundle", "[release]") {
  const Json document = document_of(read_hooks(kRoot));
  CHECK(document[1] ==
        Json({{"name", "purge"}, {"exec", {"purge"}}, {"timeout", 60000}, {"after", "commit"}}));
  CHECK(document_of(hooks_from_json(document, "x")) == document);
}

TEST_CASE("hooks: a forged one is refused", "[release]") {
  const Json good = document_of(read_hooks(kRoot))[1];
  const auto forged = [&](const char* key, const Json& value) {
    Json hook = good;
    if (value.is_null()) {
      hook.erase(key);
    } else {
      hook[key] = value;
    }
    return Json::array({hook});
  };
  CHECK_NOTHROW(hooks_from_json(Json::array({good}), "x"));
  for (const Json& list :
       {forged("after", "migrate"), forged("after", nullptr), forged("before", "stage"),
        forged("after", 1U), forged("exec", nullptr), forged("exec", Json::array()),
        forged("exec", {"./../x"}), forged("tcp", "x:1"), forged("within", 60000U),
        forged("timeout", 0U), forged("timeout", nullptr), forged("undo", {"x"}),
        forged("name", "../x"), Json::array({good, good}), Json::array(), Json::array({1U}),
        Json("x")}) {
    CHECK_THROWS_AS(hooks_from_json(list, "x"), Error);
  }
}

TEST_CASE("hooks: every mistake is told with its place", "[release]") {
  CHECK(refusals(Json::parse(R"([{"name":"a","exec":["x"]},
    {"name":"a","before":"stage","after":"stage","exec":["./../x"],"env":["!"]}, 1])")) ==
        "/hooks/1/name: two are named \"a\"\n"
        "/hooks/1/exec: path \"../x\": name \"..\": not a name of its own\n"
        "/hooks/1/env: found \"!\", expected the key of a value\n"
        "/hooks/0: expected just one of before and after\n"
        "/hooks/1: expected just one of before and after\n");
}

}  // namespace sealift::release::hook_test
