// SPDX-License-Identifier: Apache-2.0
#include "release/text/schema.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "base/address.hpp"
#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "embedded/schemas.hpp"
#include "release/text/json_schema.hpp"

namespace sealift::release {

namespace {

Json load_schema(std::string_view name) {
  for (const embedded::schemas_file& file : embedded::schemas()) {
    if (file.path == name) return parse_json(file.content, file.path, Errc::internal);
  }
  throw Error(Errc::internal, format("no schema is named {}", name));
}

// As much of a schema as it takes to say what it expects of a value, and of the values in it.
struct Rule {
  std::string expected;
  bool is_private = false;  // "writeOnly": people write the secret itself where it is named
  std::map<std::string, Rule> properties;
  std::vector<Rule> others;  // at most one: of a list's items, or of keys that it does not name
};

std::string read_expected(const Json& rule) {
  if (rule.contains("description")) return rule["description"].get<std::string>();
  if (rule.contains("enum")) {
    std::string words;
    for (const Json& word : rule["enum"]) {
      words += (words.empty() ? "one of " : ", ") +
               (word.is_string() ? word.get<std::string>() : word.dump());
    }
    return words;
  }
  if (rule.contains("const")) return rule["const"].dump();
  static const std::map<std::string, std::string> kinds = {{"object", "a mapping"},
                                                           {"array", "a list"},
                                                           {"string", "text"},
                                                           {"boolean", "true or false"},
                                                           {"integer", "a whole number"}};
  if (rule.contains("type") && rule["type"].is_string()) {
    const auto kind = kinds.find(rule["type"].get<std::string>());
    if (kind != kinds.end()) return kind->second;
  }
  return "another value";
}

Rule read_rule(const Json& schema) {
  Rule rule{.expected = read_expected(schema),
            .is_private = schema.value("writeOnly", false),
            .properties = {},
            .others = {}};
  for (const auto& [key, each] : object_at(schema, "properties").items()) {
    rule.properties.emplace(key, read_rule(each));
  }
  for (const char* others : {"items", "additionalProperties"}) {
    if (rule.others.empty() && schema.contains(others)) {
      rule.others.push_back(read_rule(schema[others]));
    }
  }
  return rule;
}

// One of schemas/, as it is used.
struct OwnSchema {
  explicit OwnSchema(const Json& rules) : compiled(rules), rule(read_rule(rules)) {}

  JsonSchema compiled;
  Rule rule;
};

// Read when it is first asked for, and kept: it takes longer than to check a document.
const OwnSchema& schema_named(std::string_view name) {
  static std::mutex guard;
  static std::map<std::string, OwnSchema, std::less<>> known;
  const std::lock_guard lock(guard);
  if (const auto found = known.find(name); found != known.end()) return found->second;
  return known.try_emplace(std::string(name), load_schema(name)).first->second;
}

// What holds of a value, and whether it or what it lies in is private.
struct Found {
  const Rule& rule;
  bool is_private;
};

// The rule for a value: the one that its path leads to.
Found rule_for(const Rule& schema, const std::vector<std::string>& parts) {
  const Rule* rule = &schema;
  bool is_private = schema.is_private;
  for (const std::string& part : parts) {
    if (const auto own = rule->properties.find(part); own != rule->properties.end()) {
      rule = &own->second;
    } else if (!rule->others.empty()) {
      rule = &rule->others.front();
    }
    is_private = is_private || rule->is_private;
  }
  return {*rule, is_private};
}

std::string quoted_in(const std::string& description) {
  const std::size_t begin = description.find('\'');
  const std::size_t end = description.rfind('\'');
  return begin == end ? "" : description.substr(begin + 1, end - begin - 1);
}

class Explainer {
 public:
  Explainer(const YamlDocument& document, const Rule& schema)
      : document_(document), schema_(schema) {}

  void explain(const SchemaError& error) {
    const std::vector<std::string>& parts = error.path;
    std::string pointer;
    for (const std::string& part : parts) pointer += "/" + part;
    const std::string& text = error.description;
    // A parent says once more what its child has said already.
    if (text.starts_with("Failed to validate item") ||
        text.starts_with("Failed to validate against schema associated") ||
        text.starts_with("Failed to validate against additional properties")) {
      return;
    }
    const auto [rule, is_private] = rule_for(schema_, parts);
    if (text.starts_with("Object contains a property that could not")) {
      explain_unknown(pointer, value_at(parts), rule);
    } else if (text.starts_with("Missing required property")) {
      add(pointer, format("missing key \"{}\"", quoted_in(text)));
    } else {
      const Json& value = value_at(parts);
      const std::string found = !is_private         ? described(value)
                                : value.is_string() ? "text"
                                : value.is_number() ? "a number"
                                                    : described(value);
      add(pointer, format("found {}, expected {}", found, rule.expected));
    }
  }

  std::vector<Mistake> take() { return std::move(mistakes_); }

 private:
  // Part by part: a key may hold the characters that a JSON pointer gives a meaning.
  const Json& value_at(const std::vector<std::string>& parts) const {
    const Json* value = &document_.value();
    for (const std::string& part : parts) {
      value = value->is_array() ? &value->at(std::stoul(part)) : &value->at(part);
    }
    return *value;
  }

  // valijson names one unknown key of a mapping; people want all of them.
  void explain_unknown(const std::string& pointer, const Json& value, const Rule& rule) {
    std::vector<std::string> known;
    for (const auto& [key, unused] : rule.properties) {
      known.push_back(key);
    }
    for (const auto& [key, unused] : value.items()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      const std::string near = nearest(key, known);
      add(format("{}/{}", pointer, key), format("unknown key \"{}\"", printable(key, 80)),
          near.empty() ? "known keys are: " + joined(known) : format("did you mean \"{}\"?", near));
    }
  }

  void add(const std::string& pointer, std::string found, std::string hint = {}) {
    std::string message = format("{}: {}", document_.where(pointer), found);
    if (!said_.insert(message).second) return;
    mistakes_.push_back({document_.line_of(pointer), {std::move(message), std::move(hint)}});
  }

  const YamlDocument& document_;
  const Rule& schema_;
  std::set<std::string> said_;
  std::vector<Mistake> mistakes_;
};

}  // namespace

std::vector<Mistake> check_schema(const YamlDocument& document, std::string_view schema_name) {
  const OwnSchema& schema = schema_named(schema_name);
  Explainer explainer(document, schema.rule);
  for (const SchemaError& error : schema.compiled.errors(document.value())) {
    explainer.explain(error);
  }
  return explainer.take();
}

std::string described(const Json& value) {
  if (value.is_null()) return "nothing";
  if (value.is_boolean()) return format("{}", value.get<bool>());
  if (value.is_number()) return format("the number {}", value.dump());
  if (value.is_string())
    return format("\"{}\"", printable(without_login(value.get<std::string>()), 80));
  if (value.empty()) return value.is_array() ? "an empty list" : "an empty mapping";
  return value.is_array() ? "a list" : "a mapping";
}

void throw_mistakes(std::vector<Mistake> mistakes) {
  if (mistakes.empty()) return;
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const Mistake& a, const Mistake& b) { return a.line < b.line; });
  std::vector<Problem> problems;
  problems.reserve(mistakes.size());
  for (Mistake& mistake : mistakes) problems.push_back(std::move(mistake.problem));
  throw Error(Errc::invalid_input, std::move(problems));
}

}  // namespace sealift::release
