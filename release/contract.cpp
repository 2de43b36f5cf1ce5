// SPDX-License-Identifier: Apache-2.0
#include "release/contract.hpp"

#include "base/format.hpp"
#include "base/path.hpp"
#include "release/environment.hpp"
#include "release/schema.hpp"
#include "release/yaml.hpp"

namespace sealift::release {

namespace {

Key key_from_json(const Json& value) {
  return {.type = value.value("type", "text"),
          .required = value.value("required", false),
          .secret = value.value("secret", false),
          .pattern = value.value("pattern", ""),
          .choices = value.value("enum", std::vector<Json>{}),
          .fallback = value.value("default", Json()),
          .since = value.value("since", ""),
          .meaning = value.value("means", "")};
}

Json key_to_json(const Key& key) {
  Json value = {{"type", key.type}, {"means", key.meaning}};
  if (key.required) value["required"] = true;
  if (key.secret) value["secret"] = true;
  if (!key.pattern.empty()) value["pattern"] = key.pattern;
  if (!key.choices.empty()) value["enum"] = key.choices;
  if (!key.fallback.is_null()) value["default"] = key.fallback;
  if (!key.since.empty()) value["since"] = key.since;
  return value;
}

}  // namespace

Contract Contract::load(const fs::path& folder) {
  const fs::path file = folder / "environments" / "schema.json";
  std::error_code ignored;
  Contract contract;
  if (!fs::exists(file, ignored)) return contract;
  const YamlDocument document = YamlDocument::load(file);
  std::vector<Mistake> mistakes = check_schema(document, "contract.schema.json");
  throw_mistakes(std::move(mistakes));
  for (const auto& [name, key] : document.value()["keys"].items()) {
    contract.keys_.emplace(name, key_from_json(key));
  }
  return contract;
}

Contract Contract::from_json(const Json& value, const std::string& where) {
  Contract contract;
  for (const auto& [name, each] : value.items()) {
    const std::string at = format("{}.{}", where, printable(name, 80));
    Fields fields(each, at);
    Key key{.type = fields.text("type"),
            .required = fields.value_if("required") != nullptr && fields.flag("required"),
            .secret = fields.value_if("secret") != nullptr && fields.flag("secret"),
            .pattern = fields.text_if("pattern").value_or(""),
            .choices = {},
            .fallback = {},
            .since = fields.text_if("since").value_or(""),
            .meaning = fields.text("means")};
    if (fields.value_if("enum") != nullptr) {
      key.choices = fields.array("enum").get<std::vector<Json>>();
    }
    if (const Json* fallback = fields.value_if("default")) key.fallback = *fallback;
    fields.done();
    if (!is_value_name(name)) fields.refuse(name, "found no name of a value");
    contract.keys_.emplace(name, std::move(key));
  }
  return contract;
}

Json Contract::to_json() const {
  Json value = Json::object();
  for (const auto& [name, key] : keys_) value[name] = key_to_json(key);
  return value;
}

const Key* Contract::find(const std::string& name) const {
  const auto found = keys_.find(name);
  return found == keys_.end() ? nullptr : &found->second;
}

bool Contract::is_secret(const std::string& name) const {
  const Key* key = find(name);
  return key != nullptr && key->secret;
}

}  // namespace sealift::release
