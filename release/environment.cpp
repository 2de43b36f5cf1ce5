// SPDX-License-Identifier: Apache-2.0
#include "release/environment.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "release/dotenv.hpp"
#include "release/schema.hpp"
#include "release/value_names.hpp"
#include "release/yaml.hpp"

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

Values merge(const Values& environment, const Values& site) {
  Values merged = site;
  merged.insert(environment.begin(), environment.end());
  return merged;
}

bool is_value_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && name.size() <= 128 && letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::string scalar_text(const Json& scalar) {
  return scalar.is_string() ? scalar.get<std::string>() : scalar.dump();
}

void check_value_names(const YamlDocument& document, std::vector<Mistake>& mistakes) {
  const Json::json_pointer values("/values");
  if (!document.value().contains(values) || !document.value()[values].is_object()) return;
  for (const auto& [key, unused] : document.value()[values].items()) {
    if (is_value_name(key)) continue;
    const std::string pointer = "/values/" + key;
    mistakes.push_back({document.line_of(pointer),
                        {format("{}: found the key \"{}\", expected letters, digits and _",
                                document.where(pointer), printable(key, 80)),
                         {}}});
  }
}

}  // namespace sealift::release
