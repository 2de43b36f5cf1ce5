// SPDX-License-Identifier: Apache-2.0
#include "release/values/sealed.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "release/text/schema.hpp"
#include "release/text/yaml.hpp"
#include "signing/base64.hpp"

namespace sealift::release {

namespace {

constexpr std::string_view kRecovery = "recovery";
constexpr std::size_t kLabelCharacters = 8;  // of a recipient: 40 bits, to tell them apart
constexpr std::size_t kMaxPlain = 6 * kMaxSecretBytes + 1024;  // JSON may escape each byte

std::string label(const std::string& name, const signing::AgeRecipient& recipient) {
  const std::string text = recipient.str();
  return format("{} ...{}", name, text.substr(text.size() - kLabelCharacters));
}

// As the registration desk writes them: they become keys of YAML and JSON.
void check_site_name(const std::string& name) {
  const auto is_plain = [](char c) {
    return is_small_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
  };
  if (name.empty() || name.size() > 64 || !std::all_of(name.begin(), name.end(), is_plain) ||
      name == kRecovery) {
    throw Error(Errc::invalid_input,
                format("found the site \"{}\", expected at most 64 of a-z 0-9 . _ - and not \"{}\"",
                       printable(name, 80), kRecovery));
  }
}

Json plain(const SecretPlace& place) {
  Json value = {{"environment", place.environment}, {"key", place.key}};
  if (!place.site.empty()) value["site"] = place.site;
  return value;
}

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

std::string SecretPlace::str() const {
  return site.empty() ? format("{} of {}", key, environment)
                      : format("{} of {} for the site {}", key, environment, site);
}

std::string seal(const SecretPlace& place, std::string_view value,
                 const std::vector<signing::AgeRecipient>& recipients) {
  if (value.empty() || value.size() > kMaxSecretBytes || !is_utf8(value) ||
      value.find('\0') != value.npos) {
    throw Error(Errc::invalid_input,
                format("{}: found {}, expected at most {} bytes of UTF-8, without NUL", place.str(),
                       value.empty() ? std::string("nothing") : format("{} bytes", value.size()),
                       kMaxSecretBytes));
  }
  Json content = plain(place);
  Json& kept = content["value"] = value;
  std::string text = to_canonical(content);
  StringSink out;
  signing::AgeSink sink(out, recipients);
  sink.write(text);
  sink.finish();
  signing::wipe(text);
  signing::wipe(kept.text());
  return out.take();
}

namespace {

// A place and the secret in it, as plain() and seal() write them.
struct Unsealed {
  Json place;
  signing::Secret secret;
};

// Nothing for a text of another form: what a parser says of it could show a part of the secret.
std::optional<Unsealed> read_unsealed(std::string_view text) {
  Json content;
  try {
    content = parse_json(text, "sealed value");
  } catch (const Error&) {
    return std::nullopt;
  }
  if (!content.is_object() || !content.contains("value") || !content["value"].is_string()) {
    return std::nullopt;
  }
  std::string value = std::move(content["value"].text());
  content.erase("value");
  return Unsealed{.place = std::move(content), .secret = signing::Secret::taken_from(value)};
}

}  // namespace

signing::Secret unseal(std::string_view sealed, const signing::AgeIdentity& identity,
                       const SecretPlace& place) {
  StringSource in(sealed);
  signing::AgeSource source(in, identity);
  std::string text(kMaxPlain, '\0');
  std::size_t size = 0;
  while (const std::size_t count = source.read(std::span(text).subspan(size))) {
    size += count;
    if (size == text.size()) break;
  }
  const bool is_whole = size < text.size();
  text.resize(size);
  const signing::Secret held = signing::Secret::taken_from(text);
  std::optional<Unsealed> found = is_whole ? read_unsealed(held.view()) : std::nullopt;
  if (!found) {
    throw Error(Errc::corrupt, "holds something else than a secret with its key and environment",
                "seal it with: sealift secret set");
  }
  if (found->place != plain(place) || found->secret.bytes().size() > kMaxSecretBytes) {
    throw Error(Errc::corrupt, format("was sealed for another place than {}", place.str()),
                "somebody has moved it; seal it with: sealift secret set");
  }
  return std::move(found->secret);
}

std::optional<Recipients> Recipients::load(const fs::path& folder) {
  const fs::path file = folder / "environments" / "recipients.yaml";
  if (!path_exists(file)) return std::nullopt;
  const YamlDocument document = YamlDocument::load(file);
  throw_mistakes(check_schema(document, "recipients.schema.json"));
  std::vector<Mistake> mistakes;
  const auto parse = [&](const Json& text, const std::string& pointer) {
    try {
      return signing::AgeRecipient::parse(text.get<std::string>());
    } catch (const Error& error) {
      mistakes.push_back({document.line_of(pointer),
                          {format("{}: {}", document.where(pointer), error.message()), {}}});
      return signing::AgeRecipient(std::string());
    }
  };
  const Json& root = document.value();
  Recipients recipients{.recovery = parse(root["recovery"], "/recovery"), .sites = {}};
  for (const auto& [environment, sites] : root["environments"].items()) {
    auto& kept = recipients.sites[environment];
    for (const auto& [site, text] : sites.items()) {
      const std::string pointer = format("/environments/{}/{}", environment, site);
      const auto refuse = [&](const std::string& found) {
        mistakes.push_back(
            {document.line_of(pointer), {format("{}: {}", document.where(pointer), found), {}}});
      };
      try {
        check_site_name(site);
      } catch (const Error& error) {
        refuse(error.message());
      }
      const signing::AgeRecipient recipient = parse(text, pointer);
      if (recipient == recipients.recovery) {
        refuse("found the recovery recipient, expected the site's own");
      }
      kept.emplace(site, recipient);
    }
  }
  throw_mistakes(std::move(mistakes));
  return recipients;
}

std::map<std::string, signing::AgeRecipient> Recipients::of(const SecretPlace& place) const {
  const std::string hint = "add it there, with the recipient on the site's registration card";
  const auto found = sites.find(place.environment);
  if (found == sites.end() || found->second.empty()) {
    throw Error(
        Errc::invalid_input,
        format("environments/recipients.yaml has no site of {}", printable(place.environment, 80)),
        hint);
  }
  std::map<std::string, signing::AgeRecipient> result = found->second;
  if (!place.site.empty()) {
    const auto one = found->second.find(place.site);
    if (one == found->second.end()) {
      throw Error(Errc::invalid_input,
                  format("environments/recipients.yaml has no site \"{}\" of {}",
                         printable(place.site, 80), place.environment),
                  hint);
    }
    result = {*one};
  }
  result.emplace(kRecovery, recovery);
  return result;
}

std::vector<std::string> labels(const std::map<std::string, signing::AgeRecipient>& recipients) {
  std::vector<std::string> texts;
  texts.reserve(recipients.size());
  for (const auto& [name, recipient] : recipients) texts.push_back(label(name, recipient));
  return texts;
}

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

std::set<std::string> sealed_keys(const SealedEnvironments& sealed,
                                  const std::string& environment) {
  std::set<std::string> keys;
  const auto found = sealed.find(environment);
  if (found == sealed.end()) return keys;
  for (const auto& [key, unused] : found->second) keys.insert(key);
  return keys;
}

Json to_json(const SealedEnvironments& sealed) {
  Json value = Json::object();
  for (const auto& [environment, keys] : sealed) {
    Json& to = value[environment] = Json::object();
    for (const auto& [key, by_site] : keys) {
      Json& one = to[key] = Json::object();
      for (const auto& [site, file] : by_site) {
        if (site.empty()) {
          one["all"] = signing::to_base64(file);
        } else {
          one["sites"][site] = signing::to_base64(file);
        }
      }
    }
  }
  return value;
}

namespace {

std::string file_from_json(const std::string& text, const std::string& where) {
  std::string file;
  try {
    if (text.size() <= kMaxSealedBytes * 4 / 3 + 4) file = signing::from_base64(text);
  } catch (const Error&) {
    file.clear();
  }
  if (file.empty() || file.size() > kMaxSealedBytes) {
    throw Error(Errc::corrupt,
                format("{}: found no base64 of 1 to {} bytes", where, kMaxSealedBytes));
  }
  while_reading(where, [&] { signing::count_recipients(file); });
  return file;
}

SealedKey key_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  SealedKey key;
  if (const auto all = fields.text_if("all")) key[""] = file_from_json(*all, fields.at("all"));
  if (fields.value_if("sites") != nullptr) {
    const Json& sites = fields.object("sites");
    Fields inner(sites, fields.at("sites"));
    for (const auto& [site, unused] : sites.items()) {
      while_reading(fields.at("sites"), [&name = site] { check_site_name(name); });
      key[site] = file_from_json(inner.text(site.c_str()), inner.at(site));
    }
  }
  fields.done();
  if (key.empty()) throw Error(Errc::corrupt, format("{}: found nothing that is sealed", where));
  return key;
}

}  // namespace

SealedEnvironments sealed_from_json(const Json& value, const std::string& where) {
  SealedEnvironments sealed;
  for (const auto& [environment, keys] : value.items()) {
    const std::string at = format("{}.{}", where, printable(environment, 80));
    if (!keys.is_object() || keys.empty() || keys.size() > kMaxSealedKeys) {
      throw Error(Errc::corrupt, format("{}: expected 1 to {} keys", at, kMaxSealedKeys));
    }
    for (const auto& [key, each] : keys.items()) {
      const std::string place = format("{}.{}", at, printable(key, 80));
      if (!is_value_name(key)) {
        throw Error(Errc::corrupt, format("{}: found no name of a value", place));
      }
      sealed[environment][key] = key_from_json(each, place);
    }
  }
  return sealed;
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
      problems.add(format("{}: found no environments/recipients.yaml, which says whom secrets are "
                          "sealed for",
                          file.file().string()),
                   "write it, with recovery and the sites' recipients");
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
