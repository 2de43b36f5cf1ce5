// SPDX-License-Identifier: Apache-2.0
#include "observability/objects.hpp"

#include <catch2/catch.hpp>

#include "base/format.hpp"
#include "observability/documents.hpp"
#include "observability/references.hpp"

namespace sealift::observability::objects_test {

namespace {

using Files = std::map<std::string, std::string>;

const char* const kMonitor =
    R"({"name":"Latency","type":"query alert","query":"avg(last_5m):avg:x{*} > 1"})";
const char* const kDashboard = R"({"title":"Web","layout_type":"ordered","widgets":[]})";

struct Read {
  Objects objects;
  std::vector<std::string> mistakes;
};

Read read(const Files& files) {
  Problems problems;
  Read read{read_objects(files, problems), {}};
  for (const Problem& each : problems.all()) read.mistakes.push_back(each.message);
  return read;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("objects: each lies in a folder that says what it is", "[observability]") {
  const Read found =
      read({{"monitors/latency.json", kMonitor},
            {"dashboards/web.json", kDashboard},
            {"README.md", "# not read"},
            {"dashboards/team/db.yaml", "title: DB\nlayout_type: free\nwidgets: []\n"}});
  CHECK(found.mistakes == Lines{});
  REQUIRE(found.objects.objects.size() == 3);
  CHECK(found.objects.objects[0].name == "monitors/latency");
  CHECK(found.objects.objects[1].name == "dashboards/team/db");
  CHECK(found.objects.objects[2].family == Family::dashboard);
  CHECK(
      read({{"dashboard/web.json", kDashboard}, {"web.json", kDashboard}}).mistakes ==
      Lines{"dashboard/web.json: found the folder \"dashboard\", which says nothing of what it is",
            "web.json: lies in no folder, which says what it is"});
  CHECK(read({{"monitors/a.json", kMonitor}, {"monitors/a.yml", "name: a"}}).mistakes.back() ==
        "monitors/a.yml: found monitors/a.json as well, expected one file of this name");
}

TEST_CASE("objects: what an export has of its server is left out", "[observability]") {
  const Read found = read(
      {{"dashboards/web.json",
        R"({"id":"abc-def-ghi","author_handle":"a@b","created_at":"2026-01-01","modified_at":"x",
            "url":"/dashboard/abc","title":"Web","layout_type":"ordered","description":null,
            "widgets":[{"id":7,"definition":{"type":"group","widgets":[
              {"id":8,"definition":{"type":"note","id":"kept"}}]}}]})"}});
  CHECK(found.mistakes == Lines{});
  CHECK(found.objects.findings.empty());
  CHECK(
      to_canonical(found.objects.objects.at(0).body) ==
      R"({"description":null,"layout_type":"ordered","title":"Web",)"
      R"("widgets":[{"definition":{"type":"group","widgets":[{"definition":{"id":"kept","type":"note"}}]}}]})");
}

TEST_CASE("objects: all mistakes of all files are told", "[observability]") {
  const Read found = read(
      {{"dashboards/web.json",
        R"({"title":1,"layout_type":"orderd","widgets":[{"layout":{"x":0}},3],"tags":"a"})"},
       {"monitors/a.json",
        R"({"type":"metric","query":"x","priority":9,"options":{"locked":"no"}})"},
       {"monitors/b.json", "[]"},
       {"monitors/c.json", "{"},
       {"slos/a.json", R"({"name":"a","type":"monitor","thresholds":[]})"},
       {"slos/b.yaml", "name: b\ntype: metric\nthresholds: [{timeframe: 8d, target: 99.9}]\n"}});
  CHECK(found.mistakes.size() == 18);
  const std::string all = [&] {
    std::string text;
    for (const std::string& each : found.mistakes) text += each + "\n";
    return text;
  }();
  INFO(all);
  for (const char* each :
       {"dashboards/web.json: title: found the number 1, expected text",
        "dashboards/web.json: layout_type: found \"orderd\", expected one of ordered, free",
        "dashboards/web.json: widgets[0]: found no definition, which a widget needs",
        "dashboards/web.json: widgets[0].layout: found no width",
        "dashboards/web.json: widgets[1]: found the number 3, expected a widget",
        "dashboards/web.json: tags: found \"a\", expected a list of texts",
        "monitors/a.json: found no name", "monitors/a.json: type: found \"metric\"",
        "monitors/a.json: priority: found the number 9, expected a number from 1 to 5",
        "monitors/a.json: options.locked: found \"no\", expected true or false",
        "monitors/b.json: found an empty list, expected a monitor of Datadog", "monitors/c.json",
        "slos/a.json: found no monitor_ids, which an SLO of the type monitor needs",
        "slos/a.json: thresholds: found none",
        "slos/b.yaml: thresholds[0].timeframe: found \"8d\", expected one of 7d, 30d, 90d, custom",
        "slos/b.yaml: found no query"}) {
    CHECK(all.find(each) != std::string::npos);
  }
}

TEST_CASE("objects: a field that nobody knows is told and kept", "[observability]") {
  const Read found =
      read({{"monitors/a.json",
             R"({"name":"a","type":"query alert","query":"x","mesage":"y","new":1})"}});
  CHECK(found.mistakes == Lines{});
  REQUIRE(found.objects.findings.size() == 2);
  CHECK(found.objects.findings[0].message ==
        "monitors/a.json: found the field \"mesage\", which is none of a monitor of Datadog");
  CHECK(found.objects.findings[0].hint == "did you mean \"message\"?");
  CHECK(found.objects.objects.at(0).body.size() == 5);
}

TEST_CASE("objects: rules of Prometheus are as Prometheus takes them", "[observability]") {
  const auto rules = [](const std::string& text) {
    return read({{"prometheus/a.yml", "groups: [{name: web, rules: [" + text + "]}]\n"}}).mistakes;
  };
  CHECK(rules("{alert: Down, expr: up == 0, for: 5m, labels: {severity: page}}") == Lines{});
  CHECK(rules("{record: 'a:b', expr: 1}") == Lines{});
  const std::string at = "prometheus/a.yml: groups[0].rules[0]";
  CHECK(rules("{expr: up}") ==
        Lines{at + ": found neither record and alert, expected one of them"});
  CHECK(rules("{alert: A, record: b, expr: up}") ==
        Lines{at + ": found both record and alert, expected one of them"});
  CHECK(rules("{record: a, expr: up, for: 5m}") ==
        Lines{at + ": found for, which a recording rule does not have"});
  CHECK(rules("{alert: A, exp: up}") ==
        Lines{at + ": found no expr, which a rule of Prometheus needs",
              at + ": found the field \"exp\", which is none of a rule of Prometheus"});
  CHECK(rules("{alert: A, expr: up, for: 5 minutes}") ==
        Lines{at + ".for: found \"5 minutes\", expected a duration such as 5m"});
  CHECK(rules("{alert: A, expr: up, labels: {a-b: c}}").size() == 1);
  CHECK(read({{"prometheus/a.yml", "groups: [{name: a, rules: []}, {name: a, rules: []}]\n"}})
            .mistakes == Lines{"prometheus/a.yml: groups[1]: found the name \"a\" again"});
}

TEST_CASE("objects: durations are those of Prometheus", "[observability]") {
  const auto is_good = [](const std::string& text) {
    return read({{"prometheus/a.yml",
                  format("groups: [{{name: a, interval: '{}', rules: []}}]\n", text)}})
        .mistakes.empty();
  };
  for (const char* each : {"5m", "1h30m", "500ms", "0", "1d", "2w", "1y"}) CHECK(is_good(each));
  for (const char* each : {"", "5", "m", "5x", "1.5h", "-1m"}) CHECK_FALSE(is_good(each));
}

TEST_CASE("objects: dashboards of Grafana have no id, and a uid of their own", "[observability]") {
  const char* const kGood =
      R"({"id":null,"uid":"web","title":"Web","panels":[{"id":1,"type":"stat","title":"Up"}],"style":"dark"})";
  CHECK(read({{"grafana/web.json", kGood}}).mistakes == Lines{});
  CHECK(read({{"grafana/web.json", kGood}, {"grafana/web2.json", kGood}}).mistakes ==
        Lines{"grafana/web2.json: found the uid \"web\" again"});
  CHECK(read({{"grafana/web.json", R"({"id":7,"panels":[{}],"__inputs":[]})"}}).mistakes ==
        Lines{"grafana/web.json: found no title, which a dashboard of Grafana needs",
              "grafana/web.json: panels[0]: found no type, which a panel of Grafana needs",
              "grafana/web.json: id: found the number 7, expected none",
              "grafana/web.json: found __inputs, which are asked of a person"});
}

TEST_CASE("objects: a reference names a file of the component", "[observability]") {
  const auto slo = [](const std::string& ids) {
    return format(
        R"({{"name":"s","type":"monitor","thresholds":[{{"timeframe":"7d","target":99.5}}],)"
        R"("monitor_ids":{}}})",
        ids);
  };
  const Files good{{"monitors/latency.json", kMonitor},
                   {"slos/s.json", slo(R"(["monitors/latency",12])")}};
  const Read found = read(good);
  CHECK(found.mistakes == Lines{});
  const Json body = found.objects.objects.at(1).body;
  REQUIRE(references_in(body).size() == 1);
  CHECK(references_in(body).front().name == "monitors/latency");
  const Json resolved = with_ids(body, [](const std::string&) { return "77"; });
  CHECK(to_canonical(resolved.at("monitor_ids")) == "[77,12]");
  CHECK(read({{"monitors/latency.json", kMonitor}, {"slos/s.json", slo(R"(["monitors/latncy"])")}})
            .mistakes ==
        Lines{"slos/s.json: refers to \"monitors/latncy\", which is no file of this component in "
              "monitors/"});
  const Json widget =
      Json::parse(R"({"widgets":[{"definition":{"type":"slo","slo_id":"slos/s"}}]})");
  CHECK(with_ids(widget, [](const std::string& name) { return name + "!"; })
            .dump()
            .find(R"("slo_id":"slos/s!")") != std::string::npos);
}

TEST_CASE("objects: monitors refer to others in their query, and stand behind them",
          "[observability]") {
  const auto monitor = [](const std::string& type, const std::string& query) {
    return format(R"({{"name":"m","type":"{}","query":"{}"}})", type, query);
  };
  const std::string slo =
      R"({"name":"s","type":"monitor","thresholds":[{"timeframe":"7d","target":99.5}],)"
      R"("monitor_ids":["monitors/z"]})";
  const std::string alert = R"(error_budget(\"slos/s\").over(\"7d\") > 75)";
  const Read found =
      read({{"monitors/a.json", monitor("composite", "(monitors/z && !monitors/y) || 12")},
            {"monitors/b.json", monitor("slo alert", alert)},
            {"monitors/c.json", monitor("query alert", "monitors/z of no meaning")},
            {"monitors/y.json", kMonitor},
            {"monitors/z.json", kMonitor},
            {"slos/s.json", slo}});
  CHECK(found.mistakes == Lines{});
  Lines names;
  for (const Object& each : found.objects.objects) names.push_back(each.name);
  CHECK(names ==
        Lines{"monitors/z", "monitors/y", "monitors/a", "slos/s", "monitors/b", "monitors/c"});
  const auto id_of = [](const std::string& name) { return name == "slos/s" ? "abc" : "7"; };
  CHECK(text_at(with_ids(found.objects.objects[2].body, id_of), "query") == "(7 && !7) || 12");
  CHECK(text_at(with_ids(found.objects.objects[4].body, id_of), "query") ==
        R"(error_budget("abc").over("7d") > 75)");
  CHECK(references_in(found.objects.objects[5].body).empty());

  CHECK(read({{"monitors/a.json", monitor("composite", "monitors/b")},
              {"monitors/b.json", monitor("composite", "1 || 2")}})
            .mistakes ==
        Lines{"monitors/a.json: refers to monitors/b.json, which is composite as well"});
  CHECK(read({{"monitors/z.json", monitor("slo alert", alert)}, {"slos/s.json", slo}}).mistakes ==
        Lines{"slos/s.json: refers to monitors/z, which refers to it"});
  CHECK(read({{"monitors/a.json", monitor("composite", "monitors/x || slos/s")},
              {"slos/s.json", slo},
              {"monitors/z.json", kMonitor}})
            .mistakes.size() == 2);
}

TEST_CASE("objects: synthetic tests and pipelines are as their API has them", "[observability]") {
  const char* const kTest =
      R"({"name":"t","type":"api","subtype":"http","message":"","locations":["aws:eu-west-3"],)"
      R"("public_id":"a-b-c","monitor_id":7,"options":{"tick_every":60},)"
      R"("config":{"request":{"url":"https://x"},"assertions":[{"type":"statusCode"}]}})";
  const Read good = read(
      {{"api-tests/t.json", kTest},
       {"pipelines/p.json", R"({"id":"1","type":"pipeline","is_read_only":false,"name":"p",)"
                            R"("filter":{"query":"*"},"processors":[{"type":"pipeline","name":"q",)"
                            R"("processors":[{"type":"grok-paser"}]}]})"}});
  CHECK(good.mistakes == Lines{});
  REQUIRE(good.objects.objects.size() == 2);
  CHECK(good.objects.objects[0].family == Family::pipeline);
  CHECK(good.objects.objects[0].body.size() == 3);
  CHECK_FALSE(good.objects.objects[1].body.contains("public_id"));
  REQUIRE(good.objects.findings.size() == 1);
  CHECK(good.objects.findings[0].hint == "did you mean \"grok-parser\"?");
  CHECK(read({{"api-tests/t.json",
               R"({"name":"t","type":"browser","subtype":"htp","message":"","locations":[],)"
               R"("options":{"tick_every":5},"config":{"assertions":[]}})"}})
            .mistakes ==
        Lines{"api-tests/t.json: type: found \"browser\", expected one of api",
              "api-tests/t.json: subtype: found \"htp\", expected a word that is known",
              "api-tests/t.json: found no locations, which a test needs",
              "api-tests/t.json: options.tick_every: found the number 5, expected "
              "30 to 604800 seconds",
              "api-tests/t.json: config: found no assertions, which an API test needs",
              "api-tests/t.json: config: found no request, which an API test needs"});
  CHECK(read({{"api-tests/t.json",
               R"({"name":"t","type":"api","subtype":"multi","message":"","locations":["a"],)"
               R"("options":{},"config":{"steps":[{"name":"s"}]}})"}})
            .mistakes == Lines{});
  CHECK(read({{"browser-tests/t.json",
               R"({"name":"t","type":"browser","message":"","locations":["a"],"options":{},)"
               R"("config":{"assertions":[]}})"}})
            .mistakes ==
        Lines{"browser-tests/t.json: found no steps, which a browser test needs",
              "browser-tests/t.json: config: found no request, which a browser test needs"});
  CHECK(read({{"pipelines/p.json", R"({"filter":{},"processors":[{}]})"}}).mistakes.size() == 3);
}

TEST_CASE("documents: a plain fraction of YAML is a number", "[observability]") {
  const Json value = read_document(
      "a: 99.9\nb: '99.9'\nc: 1e3\nd: 1.2.3\ne: 5m\nf: 007\n~/: {x/y: 0.5}\n", "a.yaml");
  CHECK(value.at("a").is_number());
  CHECK(value.at("b").is_string());
  CHECK(value.at("c").is_number());
  CHECK(value.at("d").is_string());
  CHECK(value.at("e").is_string());
  CHECK(value.at("f").is_string());
  CHECK(value.at("~/").at("x/y").is_number());
}

}  // namespace sealift::observability::objects_test
