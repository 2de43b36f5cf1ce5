// SPDX-License-Identifier: Apache-2.0
#include "release/templates/filters.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "base/format.hpp"
#include "base/text.hpp"
#include "release/values/environment.hpp"
#include "signing/base64.hpp"

namespace sealift::release {

namespace {

constexpr std::size_t kMaxParameter = 4000;      // Nginx reads parameters into 4 KiB
constexpr std::size_t kMaxPortable = 16U << 10;  // docker refuses lines of 64 KiB

[[noreturn]] void refuse_filter(const std::string& found, const std::string& hint = {}) {
  throw Error(Errc::invalid_input, found, hint);
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// The text of a value that is no list.
std::string one(const Json& value, std::string_view filter) {
  if (value.is_structured()) {
    refuse_filter(format("is {}, which the filter {} does not take", sort_of(value), filter),
                  "make it one text first, with json or join");
  }
  return scalar_text(value);
}

// A list becomes its items, each written by `write`, with blanks between.
template <typename Write>
std::string words(const Json& value, std::string_view filter, Write&& write) {
  if (!value.is_array()) return write(value);
  std::string all;
  for (const Json& item : value) {
    one(item, filter);
    if (!all.empty()) all += ' ';
    all += write(item);
  }
  return all;
}

// A word of a POSIX shell: nothing is special between single quotes but their end.
Json shell(const Filter&, const Json& value) {
  return words(value, "shell", [](const Json& item) {
    std::string word = "'";
    for (const char c : one(item, "shell")) {
      if (c == '\0') refuse_filter("holds a zero byte, which no word of a shell can hold");
      if (c == '\'') {
        word += "'\\''";
      } else {
        word += c;
      }
    }
    return word + "'";
  });
}

Json json(const Filter&, const Json& value) {
  return to_canonical(value);
}

// Whether YAML 1.1 or 1.2 reads a character of a quoted text as something else than itself.
bool is_special_in_yaml(char32_t c) {
  return (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff || c == 0xfffe ||
         c == 0xffff;
}

// One character of valid UTF-8; takes it from the front.
char32_t next_character(std::string_view& text, std::string_view& bytes) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t count = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  char32_t character = count == 1 ? first : first & (0xffU >> (count + 1));
  bytes = text.substr(0, count);
  for (const char c : bytes.substr(1)) {
    character = (character << 6U) | (static_cast<unsigned char>(c) & 0x3fU);
  }
  text.remove_prefix(bytes.size());
  return character;
}

// JSON is YAML, but for characters that JSON leaves as they are and YAML does not.
std::string yaml_text(const Json& value) {
  const std::string json = to_canonical(value);
  std::string yaml;
  std::string_view rest = json;
  std::string_view bytes;
  while (!rest.empty()) {
    const char32_t character = next_character(rest, bytes);
    if (is_special_in_yaml(character)) {
      yaml += format("\\u{:04x}", static_cast<std::uint32_t>(character));
    } else {
      yaml += bytes;
    }
  }
  return yaml;
}

Json yaml(const Filter&, const Json& value) {
  return yaml_text(value);
}

// In a Compose file "$" begins a variable, and "$$" is one "$".
Json compose(const Filter&, const Json& value) {
  std::string doubled;
  for (const char c : yaml_text(value)) {
    doubled += c;
    if (c == '$') doubled += c;
  }
  return doubled;
}

// A parameter of a directive of Nginx, which has no way of writing a "$" that begins no variable.
Json nginx(const Filter&, const Json& value) {
  return words(value, "nginx", [](const Json& item) {
    std::string text = one(item, "nginx");
    if (!item.is_string()) return text;
    std::string quoted = "\"";
    for (const char c : text) {
      if (is_control(c)) refuse_filter("holds a control character, which the filter nginx refuses");
      if (c == '$') {
        refuse_filter("holds \"$\", which Nginx would take for the beginning of a variable",
                      "choose a value without it; where the variable is meant, use no filter");
      }
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    if (quoted.size() > kMaxParameter) {
      refuse_filter(format("has over {} bytes, which Nginx has no room for", kMaxParameter));
    }
    return quoted + "\"";
  });
}

Json dotenv(const Filter&, const Json& value) {
  if (const std::string why = why_not_portable(value); !why.empty()) {
    refuse_filter(
        format("{}, which not every reader of a dotenv file takes the same", why),
        "give it to the program in a Compose override, JSON or YAML, or encode it: | base64");
  }
  return scalar_text(value);
}

Json base64(const Filter&, const Json& value) {
  return signing::to_base64(one(value, "base64"));
}

Json join(const Filter& filter, const Json& value) {
  if (!value.is_array())
    refuse_filter(format("is {}, which the filter join does not take", sort_of(value)));
  std::string all;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (i > 0) all += filter.argument;
    all += one(value[i], "join");
  }
  return all;
}

Json portable(const Filter&, const Json& value) {
  return why_not_portable(value).empty();
}

Json set(const Filter&, const Json& value) {
  if (value.is_string()) return !value.text().empty();
  return !value.is_null() && !(value.is_array() && value.empty());
}

Json given(const Filter&, const Json& value) {
  return !value.is_null();
}

// For formats that have only texts.
Json text(const Filter&, const Json& value) {
  return value.is_structured() ? to_canonical(value) : scalar_text(value);
}

using Apply = Json (*)(const Filter&, const Json&);

const std::map<std::string, Apply>& filters() {
  static const std::map<std::string, Apply> all = {
      {"base64", base64}, {"compose", compose}, {"dotenv", dotenv}, {"given", given},
      {"join", join},     {"json", json},       {"nginx", nginx},   {"portable", portable},
      {"set", set},       {"shell", shell},     {"text", text},     {"yaml", yaml}};
  return all;
}

}  // namespace

const std::vector<std::string>& filter_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [name, unused] : filters()) all.push_back(name);
    return all;
  }();
  return names;
}

Json apply_filter(const Filter& filter, const Json& value) {
  return filters().at(filter.name)(filter, value);
}

std::string why_not_portable(const Json& value) {
  if (value.is_structured() || value.is_null()) return format("is {}", sort_of(value));
  const std::string text = scalar_text(value);
  if (text.size() > kMaxPortable) return format("has over {} bytes", kMaxPortable);
  if (!is_utf8(text)) return "is no UTF-8";
  constexpr std::string_view kSpecial = "\"'`\\$#;&|<>()~";
  std::string_view rest = text;
  std::string_view bytes;
  while (!rest.empty()) {
    const char32_t c = next_character(rest, bytes);
    if (c == '\n' || c == '\r') return "holds a newline";
    const bool is_blank = c == ' ' || c == '\t' || c == 0xa0 || c == 0x1680 ||
                          (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
                          c == 0x202f || c == 0x205f || c == 0x3000 || c == 0xfeff;
    if (is_blank) return "holds a blank";
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return "holds a control character";
    if (bytes.size() == 1 && kSpecial.find(bytes) != std::string_view::npos) {
      return format("holds {}", bytes == "\"" ? "a double quote" : format("\"{}\"", bytes));
    }
  }
  return "";
}

std::string_view sort_of(const Json& value) {
  if (value.is_null()) return "not set";
  if (value.is_string()) return "text";
  if (value.is_boolean()) return "true or false";
  if (value.is_number()) return "a number";
  return value.is_array() ? "a list" : "an item with fields";
}

}  // namespace sealift::release
