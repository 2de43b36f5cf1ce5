// SPDX-License-Identifier: Apache-2.0
#include "builder/rendering/pass_through.hpp"

#include <catch2/catch.hpp>

#include "base/format.hpp"
#include "base/text.hpp"
#include "builder/rendering/chart_documents.hpp"
#include "builder/rendering/source_files.hpp"
#include "signing/base64.hpp"

namespace sealift::builder::pass_through_test {

namespace {

const std::string kBefore = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n";

// A program that fills each NAME of `pattern` with what the file "NAME" has for it.
std::string made_of(const std::string& pattern, const Texts& filled) {
  std::string text = kBefore + pattern;
  for (const auto& [name, value] : filled) replace_all(text, "<" + name + ">", value);
  return text;
}

struct Result {
  std::string text;
  std::string said;
  std::vector<std::string> doubts;
  std::string unseen;
};

Result pass(const std::map<std::string, Sort>& sorts, const Program& program,
            const ByEnvironment& environments = {}) {
  Texts templates;
  for (const auto& [name, unused] : sorts) templates[name] = "{{" + name + "}}";
  Problems problems;
  const Placeholders placeholders(
      templates, [&](const std::string& name) { return sorts.at(name); }, problems);
  PassedThrough passed = pass_through(placeholders, environments, program, problems);
  Result result;
  for (const auto& [unused, text] : passed.files) result.text += text;
  for (const Problem& each : problems.all()) result.said += each.message + "\n";
  result.doubts = std::move(passed.doubts);
  for (const Placeholders::Named& each : passed.unseen) result.unseen += each.name;
  return result;
}

Result pass_pattern(const std::map<std::string, Sort>& sorts, const std::string& pattern,
                    const ByEnvironment& environments = {}) {
  return pass(
      sorts, [&](const Texts& filled) { return made_of(pattern, filled); }, environments);
}

}  // namespace

TEST_CASE("passing through: numbers, flags and texts are placeholders again where they went") {
  const Result result = pass_pattern(
      {{"N", Sort::integer}, {"F", Sort::boolean}, {"T", Sort::text}, {"U", Sort::unknown}},
      "  n: <N>\n  quoted: \"<N>\"\n  f: <F>\n  t: <T>\n  part: http://<T>:<N>/\n  u: <U>\n");
  CHECK(result.said.empty());
  CHECK(result.text == kBefore +
                           "  n: {{N}}\n  quoted: \"{{N}}\"\n  f: {{F}}\n  t: {{T | json}}\n"
                           "  part: http://{{T}}:{{N}}/\n  u: {{U}}\n");
}

TEST_CASE("passing through: a text in base64 by itself has the filter") {
  const Result result = pass({{"T", Sort::text}}, [](const Texts& filled) {
    return kBefore + "  t: " + signing::to_base64(filled.at("T")) + "\n";
  });
  CHECK(result.said.empty());
  CHECK(result.text == kBefore + "  t: {{T | base64}}\n");
}

TEST_CASE("passing through: two flags on a line, and words that are none") {
  const Result result = pass_pattern({{"F", Sort::boolean}, {"G", Sort::boolean}},
                                     "  a: [<F>, false, <G>, falsehood]\n");
  CHECK(result.said.empty());
  CHECK(result.text == kBefore + "  a: [{{F}}, false, {{G}}, falsehood]\n");
}

TEST_CASE("passing through: braces of the program itself mean themselves") {
  const Result result = pass_pattern({{"T", Sort::unknown}}, "  a: '{{ $labels.x }} <T>'\n");
  CHECK(result.text == kBefore + "  a: '{{\"{{\"}} $labels.x }} {{T}}'\n");
}

TEST_CASE("passing through: a text in a block keeps its bytes") {
  const Result result = pass_pattern({{"T", Sort::text}}, "  a: |\n    host: <T>\n");
  CHECK(result.text == kBefore + "  a: |\n    host: {{T}}\n");
}

TEST_CASE("passing through: a value that is changed on its way is refused") {
  const auto changed = [](const auto& change) {
    return pass({{"T", Sort::text}},
                [&](const Texts& filled) {
                  return kBefore + "  t: x" + change(filled.at("T")) + "\n";
                })
        .said;
  };
  const std::string said = "found a value of a site that is changed on its way or steers it";
  CHECK(changed([](const std::string& text) { return lower(text); }).find(said) == 0);
  CHECK(changed([](const std::string& text) { return text.substr(0, 5); }).find(said) == 0);
  CHECK(changed([](const std::string& text) { return std::to_string(text.size()); }).find(said) ==
        0);
}

TEST_CASE("passing through: a number that is counted with is refused") {
  const Result result = pass({{"N", Sort::integer}, {"M", Sort::integer}}, [](const Texts& filled) {
    return kBefore + "  m: " + filled.at("M") +
           "\n  n: " + std::to_string(std::stoi(filled.at("N")) + 37) + "\n";
  });
  CHECK(result.said.find("is changed on its way") != std::string::npos);
}

TEST_CASE("passing through: a flag that decides what is written is refused by name") {
  const Result result = pass({{"F", Sort::boolean}}, [](const Texts& filled) {
    return kBefore + "  a: b\n" + (filled.at("F") == "true" ? "  more: lines\n" : "");
  });
  CHECK(result.said.find("F:1: {{F}} steers what is written") == 0);
}

TEST_CASE("passing through: a value of which nothing is left is refused by name") {
  const Result result =
      pass({{"T", Sort::text}}, [](const Texts&) { return kBefore + "  a: b\n"; });
  CHECK(result.said.empty());
  CHECK(result.unseen == "T");
}

TEST_CASE("passing through: output that differs from run to run is refused") {
  int run = 0;
  const Result result =
      pass({}, [&](const Texts&) { return kBefore + "  a: b" + std::to_string(++run) + "\n"; });
  CHECK(result.said.find("found another output at each run") == 0);
}

TEST_CASE("passing through: a checksum over values of a site is told") {
  const auto digest = [](const Texts& filled) {
    return std::string(64, filled.at("T").front() == 's' ? 'a' : 'b');
  };
  const Result result = pass({{"T", Sort::unknown}}, [&](const Texts& filled) {
    return kBefore + "  t: " + filled.at("T") + "\n  checksum/config: " + digest(filled) + "\n";
  });
  CHECK(result.said.empty());
  CHECK(result.doubts.size() == 1);
}

TEST_CASE("passing through: a value of an environment that steers is refused") {
  const Program program = [](const Texts& filled) {
    const bool is_one = filled.at("N") == "1";
    return kBefore + "  n: \"" + filled.at("N") + "\"\n" + (is_one ? "" : "  many: \"yes\"\n");
  };
  const ByEnvironment many = {{"production", {{"N", 3}}}};
  const ByEnvironment one = {{"production", {{"N", 3}}}, {"edge", {{"N", 1}}}};
  CHECK(pass({{"N", Sort::integer}}, program, many).said.empty());
  CHECK(pass({{"N", Sort::integer}}, program, one)
            .said.find("in edge, ConfigMap web would be another than on other sites") == 0);
}

TEST_CASE("placeholders: sections, filters and lists cannot pass") {
  Problems problems;
  const Placeholders unused(
      {{"v", "a: {{#A}}{{/A}}\nb: {{B | json}}\nc: {{C}}\n"}},
      [](const std::string&) { return Sort::list; }, problems);
  CHECK(problems.all().size() == 3);
}

TEST_CASE("charts: tests are left out, and other hooks refused by name") {
  const auto hook = [](const std::string& name, const std::string& words) {
    return format(
        "---\n# Source: web/templates/{}.yaml\nkind: Job\napiVersion: batch/v1\nmetadata:\n"
        "  name: {}\n  annotations: {{\"helm.sh/hook\": \"{}\"}}\n",
        name, name, words);
  };
  Problems problems;
  const auto documents = written_documents(
      hook("a", "test") + hook("b", "test-success, test-failure") + hook("c", "pre-upgrade, test") +
          "---\n# Source: web/charts/db/templates/d.yaml\nkind: Service\n",
      "other", problems);
  REQUIRE(documents.size() == 1);
  CHECK(documents.front().source == "charts/db/templates/d.yaml");
  REQUIRE(problems.all().size() == 1);
  CHECK(problems.all().front().message.find(
            "templates/c.yaml: Job c is the hook pre-upgrade, test of the chart") == 0);
}

TEST_CASE("charts: a namespace that nobody said is left out of metadata alone") {
  CHECK(without_name_space("metadata:\n  namespace: x\n  name: a\nspec:\n  namespace: x\n", "x") ==
        "metadata:\n  name: a\nspec:\n  namespace: x\n");
}

TEST_CASE("charts: calls of lookup and packed charts are refused, mentions are not") {
  const auto mistakes = [](const Texts& files) {
    Problems problems;
    check_chart(files, problems);
    return problems.all().size();
  };
  const Texts good = {{"Chart.yaml", ""},
                      {"templates/a.yaml", "{{/* no lookup here */}}\na: lookup x\n"}};
  CHECK(mistakes(good) == 0);
  CHECK(mistakes({{"templates/a.yaml", ""}}) == 1);
  CHECK(mistakes({{"Chart.yaml", ""},
                  {"templates/a.yaml", "{{ (lookup \"v1\" \"Secret\" \"a\" \"b\").data }}"},
                  {"charts/db-1.tgz", ""}}) == 2);
}

TEST_CASE("kustomizations: what lies elsewhere is refused") {
  Problems problems;
  check_kustomization({{"a/kustomization.yaml",
                        "resources: [web.yaml, https://x/a.yaml, github.com/a/b, ../base]\n"
                        "components: ['x/y//z?ref=main']\n"},
                       {"other.yaml", "resources: [https://x/]"}},
                      problems);
  CHECK(problems.all().size() == 3);
}

}  // namespace sealift::builder::pass_through_test
