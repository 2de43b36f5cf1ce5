// SPDX-License-Identifier: Apache-2.0
#include "release/values/sealed.hpp"

#include <optional>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "release/values/value_names.hpp"
#include "signing/base64.hpp"

namespace sealift::release {

namespace {

constexpr std::size_t kMaxPlain = 6 * kMaxSecretBytes + 1024;  // JSON may escape each byte

// What stands beside the value inside of the encryption: a ciphertext that is moved to another key,
// environment or site opens, and is refused.
Json plain(const SecretPlace& place) {
  Json value = {{"environment", place.environment}, {"key", place.key}};
  if (!place.site.empty()) value["site"] = place.site;
  return value;
}

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

signing::Secret unseal(std::string_view sealed, const signing::AgeIdentity& identity,
                       const SecretPlace& place) {
  StringSource in(sealed);
  signing::AgeSource source(in, identity);
  // One buffer of the largest size: text that grows leaves copies of the secret behind.
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

}  // namespace sealift::release
