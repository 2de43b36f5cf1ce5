// SPDX-License-Identifier: Apache-2.0
#include "release/templates/settings.hpp"

#include "base/format.hpp"
#include "release/templates/references.hpp"

namespace sealift::release {

namespace {

Breach in_clear(const std::string& key, const std::string& hint) {
  return {key, "found a secret in clear, expected it sealed", hint};
}

}  // namespace

std::string_view name(Origin source) {
  switch (source) {
    case Origin::contract:
      return "default";
    case Origin::environment:
      return "environment";
    case Origin::site:
      return "site.yaml";
    case Origin::command_line:
      return "--set";
  }
  return "";
}

Settings merge(const Contract& contract, const Values& environment, const Values& site,
               const Values& set) {
  Settings settings;
  for (const auto& [key, declared] : contract.keys()) {
    if (!declared.fallback.is_null()) settings[key] = {declared.fallback, Origin::contract};
  }
  for (const auto& [key, value] : environment) settings[key] = {value, Origin::environment};
  for (const auto& [key, value] : site) settings[key] = {value, Origin::site};
  for (const auto& [key, value] : set) settings[key] = {value, Origin::command_line};
  return settings;
}

Values values_of(const Contract& contract, const Settings& settings) {
  Values values;
  for (const auto& [key, declared] : contract.keys()) {
    if (!declared.secret && !declared.required) values[key] = declared.nothing();
  }
  for (const auto& [key, setting] : settings) values[key] = setting.value;
  return values;
}

std::vector<Breach> breaches(const Contract& contract, const Settings& settings,
                             const Sealed& sealed) {
  Values said;
  for (const auto& [key, value] : known_of(values_of(contract, settings))) {
    if (settings.contains(key) && !contract.is_secret(key)) said.emplace(key, value);
  }
  std::vector<Breach> found = contract.breaches(said);
  for (const auto& [key, declared] : contract.keys()) {
    const auto setting = settings.find(key);
    const bool is_open = setting != settings.end() && setting->second.value.is_null();
    if (declared.secret && setting != settings.end() && !is_open) {
      found.push_back(in_clear(key, "move it to secrets in site.yaml"));
    } else if (!is_open && (setting != settings.end() || !declared.required)) {
      continue;
    } else if (!declared.secret) {
      found.push_back({key, format("is not set, expected {}", declared.expected()),
                       format("add {} to values in site.yaml: {}", key, declared.meaning)});
    } else if (!sealed.contains(key)) {
      found.push_back({key, "is not set, expected a sealed value",
                       format("add {} to secrets in site.yaml: {}", key, declared.meaning)});
    }
  }
  return found;
}

std::string left_to_sites(const Environment& environment, const std::string& key) {
  const std::string way = environment.file.ends_with(".env")
                              ? format("write {} alone, without \"=\",", key)
                              : "leave it empty";
  return way + " where each site must set its own";
}

std::vector<Problem> mistakes_in(const Contract& contract, const Environment& environment,
                                 const Sealed& sealed) {
  std::vector<Problem> mistakes;
  if (contract.empty()) return mistakes;
  Values said;
  const Values known = known_of(values_of(contract, merge(contract, environment.values, {}, {})));
  for (const auto& [key, value] : environment.values) {
    if (!contract.is_secret(key)) {
      if (const auto found = known.find(key); found != known.end()) said.insert(*found);
    } else if (!value.is_null()) {
      const Breach breach = in_clear(
          key, format("remove it there, and run: sealift secret set {} {}", environment.name, key));
      mistakes.push_back({format("{}: {}", environment.place(key), breach.found), breach.hint});
    }
  }
  for (const Breach& breach : contract.breaches(said)) {
    const auto value = environment.values.find(breach.key);
    const bool is_empty_text = value != environment.values.end() && value->second == Json("");
    mistakes.push_back({format("{}: {}", environment.place(breach.key), breach.found),
                        is_empty_text
                            ? format("{}; {}", breach.hint, left_to_sites(environment, breach.key))
                            : breach.hint});
  }
  for (const auto& [key, declared] : contract.keys()) {
    if (!declared.required || environment.values.contains(key)) continue;
    if (!declared.secret) {
      mistakes.push_back(
          {format("{}: missing key \"{}\", which is required", environment.file, key),
           format("add it; {}: {}", left_to_sites(environment, key), declared.meaning)});
    } else if (!sealed.contains(key)) {
      mistakes.push_back({format("{}: no value of the secret {} is sealed for {}", environment.file,
                                 key, environment.name),
                          format("sealift secret set {} {}", environment.name, key)});
    }
  }
  return mistakes;
}

}  // namespace sealift::release
