// SPDX-License-Identifier: Apache-2.0
#include "release/serving.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "content/precompress.hpp"
#include "release/content_type.hpp"

namespace sealift::release {

namespace {

constexpr std::uint64_t kYear = 31'536'000;
constexpr std::size_t kMaxPattern = 1024;
constexpr std::size_t kMaxType = 128;
constexpr std::size_t kHash = 8;
// has_hashed_name(), said once more for a web server.
constexpr std::string_view kHashedName =
    "^/.+/[^/]*[.-]+(?=[^/.]*[0-9A-Z])[0-9A-Za-z_-]{8,}([.][0-9A-Za-z]+){1,2}$";

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_of_hash(char c) {
  return is_letter_or_digit(c) || c == '_' || c == '-';
}

// A stem such as "app-DqYx_kAb" ends in a hash: behind a '.' or '-' nothing else stands.
bool ends_in_hash(std::string_view stem) {
  std::size_t begin = stem.size();
  while (begin > 0 && is_of_hash(stem[begin - 1])) --begin;
  if (begin == 0 || stem[begin - 1] != '.') {
    begin = stem.find('-', begin);
    if (begin == stem.npos) return false;
    ++begin;
  }
  const std::string_view hash = stem.substr(begin);
  const auto is_distinct = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
  return hash.size() >= kHash && std::any_of(hash.begin(), hash.end(), is_distinct);
}

// Takes the last ending off; false where there is none of letters and digits.
bool drop_ending(std::string_view& name) {
  const std::size_t dot = name.rfind('.');
  if (dot == name.npos || dot + 1 == name.size() ||
      !std::all_of(name.begin() + static_cast<std::ptrdiff_t>(dot) + 1, name.end(),
                   is_letter_or_digit)) {
    return false;
  }
  name = name.substr(0, dot);
  return true;
}

Json row(const std::string& match, const std::string& type, const CacheClass& cache) {
  return {{"match", match}, {"type", type}, {"typed", !type.empty()}, {"cache", cache.header()}};
}

Json to_json(const ServeRule& rule) {
  Json value = {{"match", rule.match}};
  if (!rule.type.empty()) value["type"] = rule.type;
  if (rule.cache) value["cache"] = rule.cache->to_json();
  return value;
}

ServeRule rule_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  ServeRule rule{.match = fields.text("match"),
                 .type = fields.text_if("type").value_or(""),
                 .cache = std::nullopt};
  if (const Json* cache = fields.value_if("cache")) {
    rule.cache = while_reading(fields.at("cache"), [&] { return CacheClass::from_json(*cache); });
  }
  fields.done();
  while_reading(fields.at("match"), [&] { check_serve_pattern(rule.match); });
  if (!rule.type.empty()) {
    while_reading(fields.at("type"), [&] { check_content_type(rule.type); });
  }
  return rule;
}

}  // namespace

CacheClass CacheClass::from_json(const Json& value) {
  if (value == "immutable") return immutable();
  if (value == "no-cache") return no_cache();
  if (value.is_number_unsigned() || value.is_number_integer()) {
    const auto seconds = value.get<std::int64_t>();
    if (seconds >= 1 && static_cast<std::uint64_t>(seconds) <= kYear) {
      return CacheClass(static_cast<std::uint64_t>(seconds));
    }
  }
  throw Error(Errc::invalid_input,
              format("found {}, expected immutable, no-cache or a number of seconds, 1 to {}",
                     printable(value.dump(), 80), kYear));
}

Json CacheClass::to_json() const {
  if (is_immutable()) return "immutable";
  return seconds_ == 0 ? Json("no-cache") : Json(seconds_);
}

std::string CacheClass::header() const {
  if (is_immutable()) return format("public, max-age={}, immutable", kYear);
  return seconds_ == 0 ? "no-cache" : format("public, max-age={}", seconds_);
}

void check_serve_pattern(std::string_view pattern) {
  const auto refuse = [&](std::string_view found) {
    throw Error(Errc::invalid_input, format("found \"{}\", {}", printable(pattern, 80), found),
                "patterns are relative to source, such as assets/** or **/*.css");
  };
  if (pattern.empty() || pattern.size() > kMaxPattern) refuse("expected 1 to 1024 bytes");
  if (pattern.front() == '/' || pattern.back() == '/' || pattern.find("//") != pattern.npos) {
    refuse("expected names with one '/' between them");
  }
  for (const char c : pattern) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || is_letter_or_digit(c)) continue;
    if (std::string_view(" !#%()+,-./=@[]_~*?").find(c) == std::string_view::npos) {
      refuse(format("expected no {}", printable(std::string_view(&c, 1))));
    }
  }
  // Also what a name of a file may be: UTF-8, no "..".
  std::string plain(pattern);
  std::replace(plain.begin(), plain.end(), '*', 'x');
  std::replace(plain.begin(), plain.end(), '?', 'x');
  RelPath::parse(plain);
}

void check_content_type(std::string_view type) {
  const std::size_t slash = type.find('/');
  const bool plain = std::all_of(type.begin(), type.end(), [](char c) {
    return is_letter_or_digit(c) ||
           std::string_view("!#&^_.+-/;= ").find(c) != std::string_view::npos;
  });
  if (!plain || slash == 0 || slash == type.npos || slash + 1 == type.size() ||
      type.size() > kMaxType) {
    throw Error(
        Errc::invalid_input,
        format("found \"{}\", expected a content type such as text/css", printable(type, 80)));
  }
}

bool has_hashed_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return false;
  std::string_view name = path.substr(slash + 1);
  if (!drop_ending(name)) return false;
  if (ends_in_hash(name)) return true;
  return drop_ending(name) && ends_in_hash(name);
}

Serving::Serving(std::vector<ServeRule> rules) : rules_(std::move(rules)) {
  for (const ServeRule& rule : rules_) globs_.emplace_back(rule.match);
}

const ServeRule* Serving::rule_for(std::string_view path) const {
  const auto found = std::find_if(globs_.begin(), globs_.end(),
                                  [&](const Glob& glob) { return glob.matches(path); });
  return found == globs_.end() ? nullptr
                               : &rules_[static_cast<std::size_t>(found - globs_.begin())];
}

CacheClass Serving::cache_of(std::string_view path) const {
  if (const ServeRule* rule = rule_for(path)) {
    if (rule->cache) return *rule->cache;
  } else if (const std::string_view original = content::without_suffix(path); !original.empty()) {
    return cache_of(original);
  }
  return has_hashed_name(path) ? CacheClass::immutable() : CacheClass::no_cache();
}

std::string Serving::type_of(std::string_view path) const {
  const ServeRule* rule = rule_for(path);
  return rule != nullptr && !rule->type.empty() ? rule->type : std::string(content_type_of(path));
}

Json Serving::rows() const {
  Json rows = Json::array();
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const ServeRule& rule = rules_[i];
    const std::string match = globs_[i].regex();
    if (rule.cache) {
      rows.push_back(row(match, rule.type, *rule.cache));
      continue;
    }
    // One row for either sort of name.
    rows.push_back(row(format("(?={}){}", match, kHashedName), rule.type, CacheClass::immutable()));
    rows.push_back(row(match, rule.type, CacheClass::no_cache()));
  }
  rows.push_back(row(std::string(kHashedName), "", CacheClass::immutable()));
  rows.push_back(row("^/", "", CacheClass::no_cache()));
  return rows;
}

Json to_json(const Serving& serving) {
  Json value = Json::array();
  for (const ServeRule& rule : serving.rules()) value.push_back(to_json(rule));
  return value;
}

Serving serving_from_json(const Json& value, const std::string& where) {
  if (!value.is_array() || value.size() > kMaxServeRules) {
    throw Error(Errc::corrupt, format("{}: expected a list of at most {}", where, kMaxServeRules));
  }
  std::vector<ServeRule> rules;
  for (const Json& item : value) {
    rules.push_back(rule_from_json(item, format("{}[{}]", where, rules.size())));
  }
  return Serving(std::move(rules));
}

}  // namespace sealift::release
