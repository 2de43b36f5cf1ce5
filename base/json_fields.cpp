// SPDX-License-Identifier: Apache-2.0
// Documents read key by key: Fields for those that are known, text_at() and its like for those of
// others.
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"

namespace sealift {

Fields::Fields(const Json& object, std::string where, Errc code)
    : object_(object), where_(std::move(where)), code_(code) {
  if (!object.is_object()) {
    throw Error(code_, format("{}: found {}, expected an object", where_, object.type_name()));
  }
}

std::string Fields::at(std::string_view key) const {
  return format("{}.{}", where_, printable(key, 80));
}

void Fields::refuse(std::string_view key, std::string_view found_and_expected) const {
  throw Error(code_, format("{}: {}", at(key), found_and_expected));
}

const Json* Fields::value_if(const char* key) {
  asked_.insert(key);
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

const Json& Fields::value(const char* key) {
  const Json* found = value_if(key);
  if (found == nullptr) refuse(key, "found nothing, expected this field");
  return *found;
}

const Json& Fields::array(const char* key) {
  const Json& found = value(key);
  if (!found.is_array()) refuse(key, format("found {}, expected an array", found.type_name()));
  return found;
}

const Json& Fields::object(const char* key) {
  const Json& found = value(key);
  if (!found.is_object()) refuse(key, format("found {}, expected an object", found.type_name()));
  return found;
}

std::string Fields::text(const char* key) {
  const Json& found = value(key);
  if (!found.is_string()) refuse(key, format("found {}, expected text", found.type_name()));
  return found.get<std::string>();
}

std::optional<std::string> Fields::text_if(const char* key) {
  if (value_if(key) == nullptr) return std::nullopt;
  return text(key);
}

std::uint64_t Fields::number(const char* key) {
  const Json& found = value(key);
  if (!found.is_number_unsigned()) {
    refuse(key,
           format("found {}, expected a whole number of 0 or more", printable(found.dump(), 40)));
  }
  return found.get<std::uint64_t>();
}

std::optional<std::uint64_t> Fields::number_if(const char* key) {
  if (value_if(key) == nullptr) return std::nullopt;
  return number(key);
}

bool Fields::flag(const char* key) {
  const Json& found = value(key);
  if (!found.is_boolean())
    refuse(key, format("found {}, expected true or false", found.type_name()));
  return found.get<bool>();
}

std::vector<std::string> Fields::texts(const char* key) {
  std::vector<std::string> result;
  for (const Json& item : array(key)) {
    if (!item.is_string()) refuse(key, format("found {}, expected text", item.type_name()));
    result.push_back(item.get<std::string>());
  }
  return result;
}

unsigned Fields::count(const char* key) {
  const std::uint64_t found = number(key);
  if (!std::in_range<unsigned>(found)) {
    refuse(key, format("found {}, expected a smaller number", found));
  }
  return static_cast<unsigned>(found);
}

Digest Fields::digest(const char* key) {
  const std::string found = text(key);
  return blame(code_, at(key), [&] { return Digest::parse(found); });
}

std::vector<Digest> Fields::digests(const char* key) {
  std::vector<Digest> result;
  for (const std::string& each : texts(key)) {
    result.push_back(blame(code_, at(key), [&] { return Digest::parse(each); }));
  }
  return result;
}

Time Fields::time(const char* key) {
  const std::string found = text(key);
  return blame(code_, at(key), [&] { return parse_time(found); });
}

void Fields::constant(const char* key, std::string_view expected) {
  const std::string found = text(key);
  if (found != expected) {
    refuse(key, format("found \"{}\", expected \"{}\"", printable(found, 80), expected));
  }
}

void Fields::constant(const char* key, std::uint64_t expected) {
  const std::uint64_t found = number(key);
  if (found == expected) return;
  // In every document of ours this key says how it is written.
  if (key == std::string_view("format") && found > expected) {
    throw Error(Errc::incompatible,
                format("{}: found {}, which this program is too old for: it reads {}", at(key),
                       found, expected),
                "use the version that wrote it: state.json of a site names it as program");
  }
  refuse(key, format("found {}, expected {}", found, expected));
}

void Fields::done() const {
  for (const auto& [key, unused] : object_.items()) {
    if (!asked_.contains(key)) {
      throw Error(code_, format("{}: found the unknown field \"{}\"", where_, printable(key, 80)),
                  "correct its name; where a newer version of this program wrote it, use that one");
    }
  }
}

std::string text_at(const Json& object, std::string_view key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->text() : "";
}

const Json& list_at(const Json& object, std::string_view key) {
  static const Json none = Json::array();
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : none;
}

const Json& object_at(const Json& object, std::string_view key) {
  static const Json none = Json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : none;
}

std::map<std::string, std::string> texts_by_key(const Json& value, const std::string& where) {
  std::map<std::string, std::string> texts;
  Fields fields(value, where);
  for (const auto& [key, unused] : value.items()) texts[key] = fields.text(key.c_str());
  return texts;
}

}  // namespace sealift
