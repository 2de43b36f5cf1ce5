// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/datadog/datadog_objects.hpp"

#include <catch2/catch.hpp>

namespace sealift::installer::datadog_objects_test {

namespace {

using observability::Family;

std::vector<std::string> fields(const char* sent, const char* there) {
  std::vector<std::string> found;
  for (const Difference& each :
       changed_fields_of("monitors/a", Json::parse(sent), Json::parse(there))) {
    found.push_back(text(each));
  }
  return found;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("datadog: tags mark a monitor, the last line of its description a dashboard") {
  const Json monitor =
      marked(Family::monitor, Json::parse(R"({"tags":["a","sealift:other-x","sealift-file:9"]})"),
             "site-watch", "0123456789ab");
  CHECK(monitor.dump() == R"({"tags":["a","sealift:site-watch","sealift-file:0123456789ab"]})");
  CHECK(read_mark(Family::monitor, monitor, "site-watch") == "0123456789ab");
  CHECK_FALSE(read_mark(Family::monitor, monitor, "site-watch2"));
  CHECK_FALSE(read_mark(Family::slo, Json::parse(R"({"tags":["sealift-file:1"]})"), "site-watch"));

  const Json before = Json::parse(R"({"description":"Of the team"})");
  const Json dashboard = marked(Family::dashboard, before, "site-watch", "0123456789ab");
  CHECK(text_at(dashboard, "description") == "Of the team\n\n[sealift site-watch 0123456789ab]");
  CHECK(read_mark(Family::dashboard, dashboard, "site-watch") == "0123456789ab");
  CHECK_FALSE(read_mark(Family::dashboard, dashboard, "site"));
  CHECK_FALSE(read_mark(Family::dashboard, before, "site-watch"));
  CHECK(text_at(marked(Family::dashboard, dashboard, "b", "1"), "description") ==
        "Of the team\n\n[sealift b 1]");
  CHECK(text_at(marked(Family::dashboard, Json::object(), "b", "1"), "description") ==
        "[sealift b 1]");
}

TEST_CASE("datadog: only what was sent is compared") {
  CHECK(fields(R"({"a":1,"b":null,"c":[],"o":{"x":1.0}})", R"({"a":1,"id":7,"o":{"x":1,"y":2}})") ==
        Lines{});
  CHECK(fields(R"({"tags":["Team:Web","a"]})", R"({"tags":["a","team:web"]})") == Lines{});
  CHECK(fields(R"({"tags":["a"]})", R"({"tags":["a","b"]})").size() == 1);
  CHECK(fields(R"({"o":{"l":[{"x":1},{"x":2}]}})", R"({"o":{"l":[{"x":1},{"x":3}]}})") ==
        Lines{"o.l[1].x is 3, expected 2"});
  CHECK(fields(R"({"a":"x"})", "{}") == Lines{"a is missing, expected x"});
  CHECK(fields(R"({"l":[1]})", R"({"l":[1,2]})").size() == 1);
}

TEST_CASE("datadog: answers hold objects in the ways of each family") {
  const Json monitor = Json::parse(R"({"id":12})");
  CHECK(read_id(Family::monitor, read_single(Family::monitor, monitor)) == "12");
  CHECK(read_id(Family::slo, read_single(Family::slo, Json::parse(R"({"data":[{"id":"ab"}]})"))) ==
        "ab");
  CHECK(read_id(Family::slo, read_single(Family::slo, Json::parse(R"({"data":{"id":"ab"}})"))) ==
        "ab");
  CHECK(read_id(Family::api_test, Json::parse(R"({"id":1})")).empty());
  CHECK(read_id(Family::api_test, Json::parse(R"({"public_id":"a-b"})")) == "a-b");
  CHECK(read_id(Family::monitor, Json::parse(R"({"errors":[]})")).empty());
  CHECK(read_many(Family::dashboard, Json::parse(R"({"dashboards":[{},{}]})")).size() == 2);
  CHECK(path_of(Family::slo, "a/b") == "/api/v1/slo/a%2Fb");
}

}  // namespace sealift::installer::datadog_objects_test
