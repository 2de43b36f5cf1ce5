// SPDX-License-Identifier: Apache-2.0
#include "release/templates/settings.hpp"

#include <catch2/catch.hpp>

namespace sealift::release::settings_test {

namespace {

Contract contract() {
  return Contract::from_json(Json::parse(R"({
        "URL": {"type": "text", "required": true, "means": "where users go"},
        "LEVEL": {"type": "text", "enum": ["debug", "info"], "default": "info", "means": "m"},
        "PORT": {"type": "integer", "means": "m"},
        "HOSTS": {"type": "list", "means": "m"},
        "DEBUG": {"type": "boolean", "means": "m"},
        "PASSWORD": {"type": "text", "secret": true, "required": true, "means": "m"},
        "TOKEN": {"type": "text", "secret": true, "means": "m"}})"),
                             "contract");
}

std::vector<std::string> keys_of(const std::vector<Breach>& breaches) {
  std::vector<std::string> keys;
  for (const Breach& breach : breaches) keys.push_back(breach.key);
  return keys;
}

using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("settings: default, environment, site.yaml, --set, and who said it") {
  const Values none;
  const auto level = [](const Values& environment, const Values& site, const Values& set) {
    return merge(contract(), environment, site, set).at("LEVEL");
  };
  const Values debug = {{"LEVEL", "debug"}};
  const Values error = {{"LEVEL", "error"}};
  CHECK(level(none, none, none) == Setting{"info", Origin::contract});
  CHECK(level(debug, none, none) == Setting{"debug", Origin::environment});
  CHECK(level(error, debug, none) == Setting{"debug", Origin::site});
  CHECK(level(error, error, debug) == Setting{"debug", Origin::command_line});
  CHECK_FALSE(merge(contract(), none, none, none).contains("URL"));
  CHECK(name(Origin::command_line) == "--set");
}

TEST_CASE("settings: a null of the environment asks the site, whatever the default says") {
  const Settings settings = merge(contract(), {{"LEVEL", nullptr}, {"URL", "u"}}, {}, {});
  CHECK(settings.at("LEVEL").value.is_null());
  CHECK(keys_of(breaches(contract(), settings, {"PASSWORD"})) == Keys{"LEVEL"});
}

TEST_CASE("settings: templates see something of optional keys that nobody set") {
  const Values values = values_of(contract(), merge(contract(), {{"URL", "u"}}, {}, {}));
  CHECK(values == Values{{"URL", "u"},
                         {"LEVEL", "info"},
                         {"PORT", ""},
                         {"HOSTS", Json::array()},
                         {"DEBUG", false}});
  CHECK(values_of({}, merge({}, {{"A", 1}}, {}, {})) == Values{{"A", 1}});
}

TEST_CASE("settings: what a site lacks is said, secrets only where nothing is sealed") {
  const auto lacking = [](const Values& environment, const Values& site, const Sealed& sealed) {
    return keys_of(breaches(contract(), merge(contract(), environment, site, {}), sealed));
  };
  CHECK(lacking({}, {}, {}) == Keys{"PASSWORD", "URL"});
  CHECK(lacking({{"URL", nullptr}}, {{"URL", "u"}}, {"PASSWORD"}).empty());
  CHECK(lacking({{"URL", "u"}, {"TOKEN", nullptr}}, {}, {"PASSWORD"}) == Keys{"TOKEN"});
  CHECK(lacking({{"URL", "u"}, {"TOKEN", nullptr}}, {}, {"PASSWORD", "TOKEN"}).empty());
  CHECK(breaches({}, merge({}, {{"A", nullptr}}, {{"B", 1}}, {}), {}).empty());
}

TEST_CASE("settings: a secret in clear is refused, and its value is not said") {
  const auto found = breaches(
      contract(), merge(contract(), {{"URL", "u"}}, {{"PASSWORD", "hunter2"}}, {}), {"PASSWORD"});
  REQUIRE(found.size() == 1);
  CHECK(found[0].key == "PASSWORD");
  CHECK(found[0].found == "found a secret in clear, expected it sealed");
  CHECK(found[0].hint.find("hunter2") == std::string::npos);
}

TEST_CASE("settings: the mistakes of an environment have their places") {
  const Environment environment{.name = "staging",
                                .values = {{"LEVEL", "loud"}, {"PASSWORD", "hunter2"}, {"UL", "u"}},
                                .file = "e.yaml",
                                .places = {{"LEVEL", "e.yaml:3: values.LEVEL"},
                                           {"PASSWORD", "e.yaml:4: values.PASSWORD"},
                                           {"UL", "e.yaml:5: values.UL"}}};
  std::string said;
  for (const Problem& each : mistakes_in(contract(), environment, {})) {
    said += each.message + " [" + each.hint + "]\n";
  }
  CAPTURE(said);
  for (const char* part :
       {"e.yaml:3: values.LEVEL: found \"loud\", expected one of debug, info",
        "e.yaml:4: values.PASSWORD: found a secret in clear, expected it sealed [remove it there, "
        "and run: sealift secret set staging PASSWORD]",
        "e.yaml:5: values.UL: found a key that the contract does not declare [did you "
        "mean \"URL\"?]",
        "e.yaml: missing key \"URL\", which is required"}) {
    CAPTURE(part);
    CHECK(said.find(part) != said.npos);
  }
  CHECK(said.find("hunter2") == said.npos);
  CHECK(mistakes_in({}, environment, {}).empty());
}

TEST_CASE("settings: what each site must set is said as the file's form wants it") {
  const auto hints = [](const std::string& file, const Values& values) {
    std::string said;
    for (const Problem& each : mistakes_in(
             contract(), {.name = "staging", .values = values, .file = file}, {"PASSWORD"})) {
      said += each.hint + "\n";
    }
    return said;
  };
  // In a .env file nothing behind "=" is empty text, and a key alone is left to the site.
  const std::map<std::string, Values> mistaken = {{"URL", {}},
                                                  {"LEVEL", {{"URL", "u"}, {"LEVEL", ""}}}};
  for (const auto& [key, values] : mistaken) {
    CAPTURE(key);
    CHECK(hints("staging.env", values).find("write " + key + " alone, without \"=\", where") !=
          std::string::npos);
    CHECK(hints("staging.yaml", values).find("leave it empty where") != std::string::npos);
    CHECK(hints("staging.yaml", values).find("alone") == std::string::npos);
  }
  CHECK(hints("staging.env", {{"URL", nullptr}}).empty());
}

TEST_CASE("settings: a required secret is sealed for the environment, or left to each site") {
  Environment environment{
      .name = "staging", .values = {{"URL", nullptr}}, .file = "e.yaml", .places = {}};
  const auto mistakes = mistakes_in(contract(), environment, {});
  REQUIRE(mistakes.size() == 1);
  CHECK(mistakes[0].message == "e.yaml: no value of the secret PASSWORD is sealed for staging");
  CHECK(mistakes[0].hint == "sealift secret set staging PASSWORD");
  CHECK(mistakes_in(contract(), environment, {"PASSWORD"}).empty());
  environment.values["PASSWORD"] = nullptr;
  CHECK(mistakes_in(contract(), environment, {}).empty());
}

TEST_CASE("settings: a value that refers to others is judged by what it becomes") {
  const Contract said = Contract::from_json(Json::parse(R"({
        "HOST": {"type": "text", "means": "m"},
        "URL": {"type": "text", "pattern": "https://[a-z.]+", "means": "m"},
        "KEY": {"type": "text", "secret": true, "means": "m"}})"),
                                            "contract");
  const auto judged = [&](const Values& environment) {
    return keys_of(breaches(said, merge(said, environment, {}, {}), {}));
  };
  CHECK(judged({{"HOST", "a.example"}, {"URL", "https://{{HOST}}"}}).empty());
  CHECK(judged({{"HOST", "A B"}, {"URL", "https://{{HOST}}"}}) == Keys{"URL"});
  CHECK(
      judged({{"URL", "https://{{HOST | set}}{{KEY}}"}}).empty());  // not known before it is opened
  CHECK(judged({{"HOST", "{{HOST}}"}, {"URL", "ftp://x"}}) == Keys{"URL"});
}

}  // namespace sealift::release::settings_test
