// SPDX-License-Identifier: Apache-2.0
#include "release/values/contract.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "release/text/pattern.hpp"
#include "release/text/schema.hpp"
#include "release/text/semver.hpp"
#include "release/text/yaml.hpp"
#include "release/values/value_names.hpp"

namespace sealift::release {

namespace {

// Limits of a contract that comes in a bundle; the schema has the same for the file.
constexpr std::size_t kMaxKeys = 10'000;
constexpr std::size_t kMaxChoices = 256;
constexpr std::size_t kMaxMeaning = 1000;

constexpr std::array<std::string_view, 4> kTypes = {"text", "integer", "boolean", "list"};

// A list holds scalars, or mappings of scalars: what templates can walk (mistake_in()).
bool is_of_type(const Json& value, std::string_view type) {
  if (type == "text") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "boolean") return value.is_boolean();
  return value.is_array() && mistake_in(value).empty();
}

std::string_view words_for(std::string_view type) {
  if (type == "text") return "text";
  if (type == "integer") return "a whole number";
  if (type == "boolean") return "true or false";
  return "a list of texts, whole numbers, true or false, or of mappings of such";
}

std::string choices_text(const std::vector<Json>& choices) {
  std::vector<std::string> words;
  words.reserve(choices.size());
  for (const Json& choice : choices) words.push_back(printable(scalar_text(choice), 80));
  return "one of " + joined(words);
}

// One value, or one item of a list, against enum and pattern.
bool is_allowed(const Key& key, const Json& item, const std::optional<Pattern>& pattern) {
  const std::vector<Json>& choices = key.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), item) == choices.end()) {
    return false;
  }
  return !pattern || !item.is_string() || pattern->matches(item.text());
}

// Said of a file with the line of the field, of a bundle with its place.
struct KeyMistake {
  std::string field;  // empty: the key as a whole
  std::string found;
  std::string hint = {};
};

// Each choice must be a value that the key's own type and pattern take, or nobody could choose it.
void check_choices(const Key& key, std::vector<KeyMistake>& mistakes) {
  for (const Json& choice : key.choices) {
    Key one = key;
    one.choices.clear();
    const Json value = key.type == "list" ? Json::array({choice}) : choice;
    if (std::string refused = one.refuse(value); !refused.empty()) {
      mistakes.push_back({"enum", std::move(refused)});
    }
  }
}

// The contract is read by everybody: what it says of a secret is no secret any more.
void check_secret(const Key& key, std::vector<KeyMistake>& mistakes) {
  const auto refuse = [&](const std::string& field, const std::string& found) {
    mistakes.push_back({field, format("found {}, expected none for a secret", found),
                        "the value would be readable in clear text; seal it"});
  };
  if (key.type != "text") {
    mistakes.push_back({"type", format("found {} for a secret, expected text", key.type)});
  }
  if (!key.fallback.is_null()) refuse("default", "a default");
  if (!key.choices.empty()) refuse("enum", "a list of values");
}

// What is wrong with a key beyond the form of its fields.
std::vector<KeyMistake> mistakes_in(const std::string& name, const Key& key) {
  std::vector<KeyMistake> mistakes;
  if (!is_value_name(name)) {
    mistakes.push_back(
        {"", format("found the key \"{}\", expected letters, digits and _", printable(name, 80))});
  }
  if (!key.since.empty()) {
    try {
      Version::parse(key.since);
    } catch (const Error& error) {
      mistakes.push_back({"since", error.message()});
    }
  }
  if (key.required && !key.fallback.is_null()) {
    mistakes.push_back({"required", "found true beside a default, expected one of them",
                        "a key with a default never lacks a value"});
  }
  if (!key.pattern.empty() && key.type != "text" && key.type != "list") {
    mistakes.push_back({"pattern", format("found a pattern, expected none for {}", key.type)});
    return mistakes;
  }
  try {
    if (!key.pattern.empty()) Pattern::parse(key.pattern);
  } catch (const Error& error) {
    mistakes.push_back({"pattern", error.message(), error.hint()});
    return mistakes;
  }
  if (key.secret) {
    check_secret(key, mistakes);
    return mistakes;
  }
  check_choices(key, mistakes);
  if (key.fallback.is_null()) return mistakes;
  if (std::string refused = key.refuse(key.fallback); !refused.empty()) {
    mistakes.push_back({"default", std::move(refused)});
  }
  return mistakes;
}

// Of a document that the schema was asked about; throws Json::Mismatch for a field of another
// type.
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

// As release.json has it: strict, every field known. A file is read by key_from_json(), because its
// schema has said what is wrong, with lines.
Key key_from_fields(Fields& fields) {
  Key key{.type = fields.text("type"),
          .required = fields.value_if("required") != nullptr && fields.flag("required"),
          .secret = fields.value_if("secret") != nullptr && fields.flag("secret"),
          .pattern = fields.text_if("pattern").value_or(""),
          .choices = {},
          .fallback = {},
          .since = fields.text_if("since").value_or(""),
          .meaning = fields.text("means")};
  if (key.type != "text" && key.type != "integer" && key.type != "boolean" && key.type != "list") {
    fields.refuse("type", "expected one of text, integer, boolean, list");
  }
  if (key.meaning.empty() || key.meaning.size() > 4 * kMaxMeaning) {
    fields.refuse("means", "expected a text of at most 1000 characters");
  }
  if (fields.value_if("enum") != nullptr) {
    key.choices = fields.array("enum").get<std::vector<Json>>();
    if (key.choices.empty() || key.choices.size() > kMaxChoices) {
      fields.refuse("enum", "expected 1 to 256 values");
    }
  }
  if (const Json* fallback = fields.value_if("default")) key.fallback = *fallback;
  fields.done();
  return key;
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

std::string Key::expected() const {
  const std::string each = type == "list" ? "a list, each item " : "";
  if (!choices.empty()) return each + choices_text(choices);
  if (!pattern.empty()) {
    return format("{}text that matches {}", each, printable(pattern, Pattern::kMaxBytes));
  }
  return std::string(words_for(type));
}

// A list is refused for its first bad item alone: with 4096 of them nobody reads a list of
// mistakes.
std::string Key::refuse(const Json& value) const {
  const auto refused = [&](std::string_view wanted) {
    return format("found {}, expected {}", secret ? "another value" : described(value), wanted);
  };
  if (!is_of_type(value, type)) return refused(words_for(type));
  std::optional<Pattern> allowed;
  if (!pattern.empty()) allowed = Pattern::parse(pattern);
  const auto fits = [&](const Json& item) { return is_allowed(*this, item, allowed); };
  if (!value.is_array()) return fits(value) ? "" : refused(expected());
  const auto bad = std::find_if_not(value.begin(), value.end(), fits);
  return bad == value.end()
             ? ""
             : format("found {} in a list, expected {}", described(*bad), expected());
}

Json Key::read(const std::string& text) const {
  if (type == "boolean" && (text == "true" || text == "false")) return text == "true";
  if (type == "integer") {
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    // 007 is no number that would be written back so.
    const bool whole = failure == std::errc() && end == text.data() + text.size() &&
                       std::to_string(number) == text;
    constexpr std::int64_t kMost = std::int64_t{1} << 53;
    if (!whole || number > kMost || number < -kMost) return text;
    return number < 0 ? Json(number) : Json(static_cast<std::uint64_t>(number));
  }
  if (type != "list") return text;
  try {
    return parse_json(text, "list");
  } catch (const Error&) {
    return text;
  }
}

Json Key::nothing() const {
  if (type == "boolean") return false;
  return type == "list" ? Json::array() : Json("");
}

Contract Contract::load(const fs::path& folder) {
  const fs::path file = folder / "environments" / "schema.json";
  Contract contract;
  if (!path_exists(file)) return contract;
  const YamlDocument document = YamlDocument::load(file);
  std::vector<Mistake> mistakes = check_schema(document, "contract.schema.json");
  const Json keys = document.value().is_object() ? document.value().value("keys", Json()) : Json();
  if (!keys.is_object()) {
    throw_mistakes(std::move(mistakes));
    return contract;
  }
  for (const auto& [name, value] : keys.items()) {
    const std::string pointer = "/keys/" + name;
    Key key;
    try {
      if (!value.is_object()) continue;
      key = key_from_json(value);
    } catch (const Json::Mismatch&) {
      continue;  // the schema has said why
    }
    // Of another type the schema has said enough.
    if (std::find(kTypes.begin(), kTypes.end(), key.type) == kTypes.end()) continue;
    for (KeyMistake& mistake : mistakes_in(name, key)) {
      const std::string at = mistake.field.empty() ? pointer : pointer + "/" + mistake.field;
      mistakes.push_back(
          {document.line_of(at),
           {format("{}: {}", document.where(at), mistake.found), std::move(mistake.hint)}});
    }
    contract.places_.emplace(name, document.where(pointer));
    contract.keys_.emplace(name, std::move(key));
  }
  throw_mistakes(std::move(mistakes));
  return contract;
}

Contract Contract::from_json(const Json& value, const std::string& where) {
  Contract contract;
  if (value.empty() || value.size() > kMaxKeys) {
    throw Error(Errc::corrupt,
                format("{}: found {} keys, expected 1 to {}", where, value.size(), kMaxKeys));
  }
  for (const auto& [name, each] : value.items()) {
    const std::string at = format("{}.{}", where, printable(name, 80));
    Fields fields(each, at);
    Key key = key_from_fields(fields);
    for (const KeyMistake& mistake : mistakes_in(name, key)) {
      throw Error(
          Errc::corrupt,
          format("{}: {}", mistake.field.empty() ? at : fields.at(mistake.field), mistake.found));
    }
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

std::string Contract::place(const std::string& name) const {
  const auto found = places_.find(name);
  return found == places_.end() ? name : found->second;
}

std::string Contract::hint_for(const std::string& unknown) const {
  std::vector<std::string> known;
  for (const auto& [name, unused] : keys_) known.push_back(name);
  const std::string near = nearest(unknown, known);
  return near.empty() ? "remove it, or declare it in environments/schema.json"
                      : format("did you mean \"{}\"?", near);
}

std::vector<Breach> Contract::breaches(const Values& values) const {
  std::vector<Breach> found;
  if (empty()) return found;
  for (const auto& [name, value] : values) {
    const Key* key = find(name);
    // A key that nobody declared is most often one that was mistyped, and then another one is
    // missing.
    if (key == nullptr) {
      found.push_back({name, "found a key that the contract does not declare", hint_for(name)});
    } else if (!value.is_null()) {
      if (std::string refused = key->refuse(value); !refused.empty()) {
        found.push_back({name, std::move(refused), format("it means: {}", key->meaning)});
      }
    }
  }
  return found;
}

}  // namespace sealift::release
