// SPDX-License-Identifier: Apache-2.0
#include "release/documents/serving.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "content/precompress.hpp"
#include "release/documents/content_type.hpp"

namespace sealift::release {

namespace {

// For ever: HTTP has no word for it, and caches take a year for it.
constexpr std::uint64_t kYear = 31'536'000;
constexpr std::size_t kMaxPattern = 1024;
constexpr std::size_t kMaxType = 128;
constexpr std::size_t kHash = 8;
// has_hashed_name(), said once more for a web server: what it looks for in a name, then three ways
// in which hashes are written.
constexpr std::string_view kRun = "(?:[A-Z]+(?![A-Z])|[a-z]+(?![a-z])|[0-9]+(?![0-9]))";
constexpr std::string_view kNoUuid = "(?![^/]*[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})";
constexpr std::string_view kHex =
    "(?=[0-9]*[a-fA-F])(?=[a-fA-F]*[0-9])(?!(?:19|20)[0-9]{6})(?:[0-9a-f]{8,}|[0-9A-F]{8,})";
constexpr std::string_view kBase32 =
    "(?=[A-Z]*[2-7])(?=[A-Z2-7]*[B-DF-HJ-NP-TV-Z2-7]{4})(?![A-Z]*[2-7]{3,}[.])[A-Z2-7]{8}";

// Capitals, small letters and digits that change as no word does.
std::string mixed() {
  return format(
      "(?=[0-9A-Z]*[a-z])(?=[0-9a-z]*[A-Z])(?:(?={0}{{6,}}[.])|(?={0}{{5,}}[.])"
      "(?![0-9A-Za-z]*[a-z]{{3}}))[0-9A-Za-z]{{8}}",
      kRun);
}

// The same question as has_hashed_name() asks, for a server that sees only paths. The two must
// agree, or what one of them takes for immutable is cached for a year, and was not meant to be.
std::string hashed_name_pattern() {
  return format("^/.+/{}[^/]*[.-](?:{}|{}|{})([.][0-9A-Za-z]+){{1,2}}$", kNoUuid, kHex, kBase32,
                mixed());
}

bool is_letter_or_digit(char c) {
  return is_digit(c) || is_small_letter(c) || is_capital_letter(c);
}

bool is_small_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

bool is_capital_hex(char c) {
  return is_digit(c) || (c >= 'A' && c <= 'F');
}

bool is_base32(char c) {
  return is_capital_letter(c) || (c >= '2' && c <= '7');
}

// Words have a vowel every few letters; hashes have not.
bool is_consonant_or_digit(char c) {
  return is_base32(c) && std::string_view("AEIOU").find(c) == std::string_view::npos;
}

template <typename Is>
bool all(std::string_view text, Is&& is) {
  return std::all_of(text.begin(), text.end(), is);
}

template <typename Is>
bool any(std::string_view text, Is&& is) {
  return std::any_of(text.begin(), text.end(), is);
}

// The most characters of a kind that follow each other.
template <typename Is>
std::size_t longest(std::string_view text, Is&& is) {
  std::size_t most = 0;
  std::size_t now = 0;
  for (const char c : text) {
    now = is(c) ? now + 1 : 0;
    most = std::max(most, now);
  }
  return most;
}

// How often capitals, small letters and digits take turns.
std::size_t runs_of(std::string_view text) {
  const auto sort = [](char c) { return is_digit(c) ? 0 : is_small_letter(c) ? 1 : 2; };
  std::size_t runs = text.empty() ? 0 : 1;
  for (std::size_t i = 1; i < text.size(); ++i) runs += sort(text[i]) != sort(text[i - 1]) ? 1 : 0;
  return runs;
}

// 20241231 is as hexadecimal as a hash can be.
bool is_date(std::string_view text) {
  return text.size() >= 8 && (text.starts_with("19") || text.starts_with("20")) &&
         all(text.substr(0, 8), is_digit);
}

// As webpack writes them, of 8 digits or more: 3f9a1c2e. Without a letter it may be a number or a
// date.
bool is_hex_hash(std::string_view token) {
  const bool is_hex = all(token, is_small_hex) || all(token, is_capital_hex);
  return is_hex && any(token, is_digit) && !all(token, is_digit) && !is_date(token);
}

// As esbuild writes them: 5SVLNUSE, but not 3DMODELS or PAGE2345.
bool is_base32_hash(std::string_view token) {
  if (token.size() != kHash || !all(token, is_base32) || !any(token, is_digit)) return false;
  const std::size_t first = token.find_first_of("234567");
  const std::string_view tail = token.substr(first);
  const bool ends_in_number = tail.size() >= 3 && all(tail, is_digit);
  return !ends_in_number && longest(token, is_consonant_or_digit) >= 4;
}

// As Rollup and Vite write them: BQ7r9xaZ, but not SemiBold or Web3Icon.
bool is_mixed_hash(std::string_view token) {
  if (token.size() != kHash || !any(token, is_small_letter) || !any(token, is_capital_letter))
    return false;
  const std::size_t runs = runs_of(token);
  return runs >= 6 || (runs == 5 && longest(token, is_small_letter) < 3);
}

// A stem such as "app-3f9a1c2e" ends in a hash: behind its last '.' or '-' nothing else stands.
bool ends_in_hash(std::string_view stem) {
  const std::size_t begin = stem.find_last_of(".-");
  if (begin == stem.npos) return false;
  const std::string_view token = stem.substr(begin + 1);
  return token.size() >= kHash && all(token, is_letter_or_digit) &&
         (is_hex_hash(token) || is_base32_hash(token) || is_mixed_hash(token));
}

// A UUID is no hash: what it names may change.
bool has_uuid(std::string_view name) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  for (std::size_t begin = 0; begin + kForm.size() <= name.size(); ++begin) {
    const std::string_view here = name.substr(begin, kForm.size());
    if (std::equal(here.begin(), here.end(), kForm.begin(),
                   [](char c, char form) { return form == '-' ? c == '-' : is_small_hex(c); })) {
      return true;
    }
  }
  return false;
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
  if (has_uuid(name) || !drop_ending(name)) return false;
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

bool Serving::guesses_immutable(std::string_view path) const {
  const ServeRule* rule = rule_for(path);
  return (rule == nullptr || !rule->cache) && cache_of(path).is_immutable();
}

std::string Serving::type_of(std::string_view path) const {
  const ServeRule* rule = rule_for(path);
  return rule != nullptr && !rule->type.empty() ? rule->type : std::string(content_type_of(path));
}

Json Serving::rows() const {
  const std::string hashed = hashed_name_pattern();
  Json rows = Json::array();
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const ServeRule& rule = rules_[i];
    const std::string match = globs_[i].regex();
    if (rule.cache) {
      rows.push_back(row(match, rule.type, *rule.cache));
      continue;
    }
    // One row for either sort of name.
    rows.push_back(row(format("(?={}){}", match, hashed), rule.type, CacheClass::immutable()));
    rows.push_back(row(match, rule.type, CacheClass::no_cache()));
  }
  rows.push_back(row(hashed, "", CacheClass::immutable()));
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
