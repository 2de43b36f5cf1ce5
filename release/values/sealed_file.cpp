// SPDX-License-Identifier: Apache-2.0
#include "release/values/sealed_file.hpp"

#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "release/text/schema.hpp"
#include "release/text/yaml.hpp"
#include "release/values/value_names.hpp"

namespace sealift::release {

namespace {

// Which places of a mapping `KEY: {changed, for, sealed}` are wrong, beyond the schema.
void read_values(const YamlDocument& document, const std::string& pointer, const std::string& site,
                 SealedFile& into, std::vector<Mistake>& mistakes) {
  const Json values = document.value().value(JsonPointer(pointer), Json(Json::object()));
  for (const auto& [key, value] : values.items()) {
    const std::string at = format("{}/{}", pointer, key);
    const auto refuse = [&](const std::string& found) {
      mistakes.push_back({document.line_of(at), {format("{}: {}", document.where(at), found), {}}});
    };
    if (!is_value_name(key)) {
      refuse("found no name of a value, expected letters, digits and _");
      continue;
    }
    try {
      SealedValue sealed{.file = signing::from_armor(value["sealed"].get<std::string>()),
                         .recipients = value["for"].get<std::vector<std::string>>(),
                         .changed = value["changed"],
                         .line = document.line_of(at)};
      signing::count_recipients(sealed.file);
      into.values[key][site] = std::move(sealed);
    } catch (const Error& error) {
      refuse(error.message());
    }
  }
}

// Text of a block of YAML, six columns in: a diff of the repository shows which secret changed.
std::string armored(const std::string& file) {
  std::string lines;
  const std::string armor = signing::to_armor(file);
  for (std::size_t at = 0; at < armor.size();) {
    const std::size_t end = armor.find('\n', at) + 1;
    lines += "      " + armor.substr(at, end - at);
    at = end;
  }
  return lines;
}

std::string text_of(const std::string& key, const SealedValue& value) {
  std::vector<std::string> names;
  for (const std::string& each : value.recipients) names.push_back(format("\"{}\"", each));
  return format("  {}:\n    changed: \"{}\"\n    for: [{}]\n    sealed: |\n{}", key, value.changed,
                joined(names), armored(value.file));
}

std::string indented(const std::string& text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    result += "  " + text.substr(at, end - at);
    at = end;
  }
  return result;
}

// Two witnesses of whom a value is sealed for: the labels, which people review, and the number of
// stanzas in the file of age. Labels can be edited; so neither is believed alone.
void check_value(const std::string& where, const SecretPlace& place, const SealedValue& value,
                 const Recipients& recipients, Problems& problems) {
  const std::string rekey = format("run: sealift secret rekey {}", place.environment);
  try {
    const std::vector<std::string> expected = labels(recipients.of(place));
    const std::size_t count = signing::count_recipients(value.file);
    if (value.recipients != expected) {
      problems.add(format("{}: is sealed for {}; environments/recipients.yaml has {}", where,
                          printable(joined(value.recipients), 400), joined(expected)),
                   rekey);
    } else if (count != expected.size()) {
      problems.add(
          format("{}: its header is for {} recipients, expected {}", where, count, expected.size()),
          rekey);
    }
  } catch (const Error& error) {
    problems.add(error.within(where));
  }
}

// Every site of the environment can open the key.
void check_sites(const std::string& where, const std::string& environment,
                 const std::map<std::string, SealedValue>& by_site, const Recipients& recipients,
                 Problems& problems) {
  if (by_site.contains(std::string())) return;
  const auto sites = recipients.sites.find(environment);
  if (sites == recipients.sites.end()) return;
  for (const auto& [site, unused] : sites->second) {
    if (by_site.contains(site)) continue;
    problems.add(format("{}: is not sealed for the site {}", where, site),
                 format("run: sealift secret set {} KEY --site {}", environment, site));
  }
}

// No template may use a secret that the contract does not declare.
void check_declared(const std::string& where, const std::string& key, const Contract& contract,
                    Problems& problems) {
  if (contract.empty() || contract.is_secret(key)) return;
  std::vector<std::string> known;
  for (const auto& [name, each] : contract.keys()) {
    if (each.secret) known.push_back(name);
  }
  const std::string near = nearest(key, known);
  problems.add(
      format("{}: environments/schema.json does not declare it as a secret", where),
      near.empty() ? "declare it there, with secret: true" : format("did you mean \"{}\"?", near));
}

}  // namespace

SealedFile SealedFile::load(const fs::path& folder, const std::string& environment) {
  SealedFile result;
  result.file_ = folder / "environments" / (environment + ".sealed.yaml");
  result.environment_ = environment;
  if (!path_exists(result.file_)) return result;
  const YamlDocument document = YamlDocument::load(result.file_);
  throw_mistakes(check_schema(document, "sealed.schema.json"));
  std::vector<Mistake> mistakes;
  read_values(document, "/secrets", "", result, mistakes);
  const Json sites = document.value().value("sites", Json::object());
  for (const auto& [site, unused] : sites.items()) {
    const std::string pointer = format("/sites/{}", site);
    try {
      check_site_name(site);
    } catch (const Error& error) {
      mistakes.push_back({document.line_of(pointer),
                          {format("{}: {}", document.where(pointer), error.message()), {}}});
      continue;
    }
    read_values(document, pointer, site, result, mistakes);
  }
  throw_mistakes(std::move(mistakes));
  return result;
}

// Sorted by key and site: two people who add secrets get a merge that git can do.
std::string SealedFile::to_text() const {
  std::string for_all;
  std::map<std::string, std::string> for_one;
  for (const auto& [key, by_site] : values) {
    for (const auto& [site, value] : by_site) {
      if (site.empty()) {
        for_all += text_of(key, value);
      } else {
        for_one[site] += indented(text_of(key, value));
      }
    }
  }
  std::string text = format(
      "# Secrets of {}, sealed to its sites and the recovery recipient: written by `sealift "
      "secret`,\n# listed by `sealift secret list {}`. Nobody who builds can read them.\n"
      "schema: 1\n",
      environment_, environment_);
  if (!for_all.empty()) text += "secrets:\n" + for_all;
  if (!for_one.empty()) text += "sites:\n";
  for (const auto& [site, lines] : for_one) text += format("  \"{}\":\n{}", site, lines);
  return text;
}

void SealedFile::save() const {
  const std::string text = to_text();
  // What is written must be what is read again.
  const auto unreadable = [&](const std::string& found) {
    throw Error(Errc::invalid_input, format("{}: {}", file_.string(), found),
                "keep large secrets in a file of the site, named in its site.yaml");
  };
  if (text.size() > kMaxYamlBytes) {
    unreadable(format("would have {} bytes, expected at most {}", text.size(), kMaxYamlBytes));
  }
  for (const auto& [key, by_site] : values) {
    for (const auto& [unused, value] : by_site) {
      const std::size_t size = signing::to_armor(value.file).size();
      if (size <= kMaxYamlScalar) continue;
      unreadable(format("{} would take {} bytes, expected at most {}", key, size, kMaxYamlScalar));
    }
  }
  write_file(file_, text);
}

SealedValue* SealedFile::find(const SecretPlace& place) {
  const auto key = values.find(place.key);
  if (key == values.end()) return nullptr;
  const auto value = key->second.find(place.site);
  return value == key->second.end() ? nullptr : &value->second;
}

void SealedFile::put(const SecretPlace& place, SealedValue value) {
  values[place.key].insert_or_assign(place.site, std::move(value));
}

SealedEnvironments load_sealed(const fs::path& folder, const std::vector<Environment>& environments,
                               const Contract& contract) {
  SealedEnvironments result;
  Problems problems;
  std::optional<Recipients> recipients;
  try {
    recipients = Recipients::load(folder);
  } catch (const Error& error) {
    problems.add(error);
    problems.throw_if_any(Errc::invalid_input);
  }
  for (const Environment& environment : environments) {
    SealedFile file;
    try {
      file = SealedFile::load(folder, environment.name);
    } catch (const Error& error) {
      problems.add(error);
      continue;
    }
    if (file.values.empty()) continue;
    if (!recipients) {
      problems.add(
          format("{}: found no environments/recipients.yaml, which says whom secrets are "
                 "sealed for",
                 file.file().string()),
          "make it: sealift recipient recovery recovery.age, then sealift recipient add card.json");
      continue;
    }
    for (const auto& [key, by_site] : file.values) {
      const std::string where =
          format("{}:{}: {}", file.file().string(), by_site.begin()->second.line, key);
      check_declared(where, key, contract, problems);
      const auto clear = environment.values.find(key);
      if (clear != environment.values.end() && !clear->second.is_null()) {
        problems.add(
            format("{}: is in clear in environments/{}.yaml as well", where, environment.name),
            "remove it there, and change the secret: whoever reads the repository has it");
      }
      check_sites(where, environment.name, by_site, *recipients, problems);
      for (const auto& [site, value] : by_site) {
        const SecretPlace place{.environment = environment.name, .key = key, .site = site};
        check_value(format("{}:{}: {}", file.file().string(), value.line, key), place, value,
                    *recipients, problems);
        result[environment.name][key][site] = value.file;
      }
    }
  }
  problems.throw_if_any(Errc::invalid_input);
  return result;
}

}  // namespace sealift::release
