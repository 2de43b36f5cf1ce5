// SPDX-License-Identifier: Apache-2.0
#include "release/values/environment.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "release/text/schema.hpp"
#include "release/text/yaml.hpp"
#include "release/values/dotenv.hpp"
#include "release/values/value_names.hpp"

namespace sealift::release {

std::string Environment::place(const std::string& key) const {
  const auto found = places.find(key);
  return found == places.end() ? file : found->second;
}

Environment load_environment(const fs::path& file, const std::string& name) {
  const YamlDocument document = YamlDocument::load(file);
  std::vector<Mistake> mistakes = check_schema(document, "environment.schema.json");
  check_value_names(document, mistakes);
  throw_mistakes(std::move(mistakes));
  Environment environment{.name = name,
                          .values = document.value()["values"].get<Values>(),
                          .file = file.string(),
                          .places = {}};
  for (const auto& [key, unused] : environment.values) {
    environment.places[key] = document.where("/values/" + key);
  }
  return environment;
}

Environment load_dotenv(const fs::path& file, const std::string& name) {
  Environment environment{.name = name, .values = {}, .file = file.string(), .places = {}};
  for (auto& [key, entry] : parse_dotenv(read_file(file, kMaxDotenvBytes), file.string())) {
    environment.places[key] = format("{}:{}: {}", environment.file, entry.line, key);
    environment.values[key] = std::move(entry.value);
  }
  return environment;
}

// The site's own values win, key by key; lists are not joined.
Values merge(const Values& environment, const Values& site) {
  Values merged = site;
  merged.insert(environment.begin(), environment.end());
  return merged;
}

bool is_value_name(std::string_view name) {
  const auto letter = [](char c) { return is_letter(c) || c == '_'; };
  return !name.empty() && name.size() <= 128 && letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || is_digit(c); });
}

std::string scalar_text(const Json& scalar) {
  return scalar.is_string() ? scalar.get<std::string>() : scalar.dump();
}

namespace {

// Of a list, and of a mapping in it: what a template may be made to repeat.
constexpr std::size_t kMaxItems = 4096;
constexpr std::size_t kMaxFields = 64;

bool is_scalar(const Json& value) {
  return value.is_string() || value.is_boolean() || value.is_number_integer();
}

std::string mistake_in_item(const Json& item) {
  if (is_scalar(item)) return "";
  if (!item.is_object() || item.empty() || item.size() > kMaxFields) {
    return format("expected text, a whole number, true, false or a mapping of at most {} fields",
                  kMaxFields);
  }
  for (const auto& [field, value] : item.items()) {
    if (!is_value_name(field)) {
      return format("found the key \"{}\", expected letters, digits and _", printable(field, 80));
    }
    if (!is_scalar(value)) return format("{}: expected text, a whole number, true or false", field);
  }
  return "";
}

}  // namespace

bool is_plain_name(std::string_view name) {
  const auto plain = [](char c) {
    return is_small_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), plain);
}

bool is_name(std::string_view name) {
  return is_plain_name(name) && name.front() != '.' && name.front() != '-';
}

std::string mistake_in(const Json& value) {
  if (value.is_null() || is_scalar(value)) return "";
  if (!value.is_array()) return "expected text, a whole number, true, false or a list of such";
  if (value.size() > kMaxItems) {
    return format("found {} items, expected at most {}", value.size(), kMaxItems);
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (const std::string found = mistake_in_item(value[i]); !found.empty()) {
      return format("item {}: {}", i + 1, found);
    }
    // In a section a template names either the item or its fields; of mixed items one would be
    // empty.
    if (value[i].is_object() != value[0].is_object()) {
      return format("item {}: expected {}, as the items before it are", i + 1,
                    value[0].is_object() ? "a mapping" : "text, a number, true or false");
    }
  }
  return "";
}

void check_value_names(const YamlDocument& document, std::vector<Mistake>& mistakes) {
  // The schema says what a value may be; what a name may be it cannot say with a line for each.
  const JsonPointer values("/values");
  if (!document.value().contains(values) || !document.value()[values].is_object()) return;
  const auto refuse = [&](const std::string& pointer, const std::string& found) {
    mistakes.push_back(
        {document.line_of(pointer), {format("{}: {}", document.where(pointer), found), {}}});
  };
  for (const auto& [key, value] : document.value()[values].items()) {
    const std::string pointer = "/values/" + key;
    if (!is_value_name(key)) {
      refuse(pointer,
             format("found the key \"{}\", expected letters, digits and _", printable(key, 80)));
    }
    // Other sorts of values are the schema's to refuse.
    if (!value.is_array()) continue;
    if (const std::string found = mistake_in(value); !found.empty()) refuse(pointer, found);
  }
}

}  // namespace sealift::release
