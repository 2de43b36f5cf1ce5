// SPDX-License-Identifier: Apache-2.0
#pragma once

// The door to JSON. Documents that come from outside are read strictly: valid UTF-8, no duplicate
// keys, depth at most 64, integers within +-2^53, no floating point unless asked for, nothing after
// the value.
// Written documents have one form: keys sorted bytewise, no white space (RFC 8785 for our subset).

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace sealift {

using Json = nlohmann::json;

// Documents of other programs may hold numbers that are not whole.
enum class Numbers { whole, any };

// Throws Error{code} that names `where`, the byte offset and what was found.
Json parse_json(std::string_view text, std::string_view where, Errc code = Errc::corrupt,
                Numbers numbers = Numbers::whole);

// The one compact form; no newline at the end. Throws Error{invalid_input} on broken UTF-8.
std::string to_canonical(const Json& value);
// For people: indented by two, with a newline at the end.
std::string to_pretty(const Json& value);

// The text under a key; empty where there is none, or no text.
std::string text_at(const Json& object, const std::string& key);

// Reads one JSON object of a known document: every field is asked for by name, its type is checked,
// and done() refuses fields that nobody asked for. `where` ("release.json: components[2]") starts
// every message; failures are Error{code}. Keeps references: the value must outlive it.
class Fields {
 public:
  Fields(const Json& object, std::string where, Errc code = Errc::corrupt);

  std::string text(const char* key);
  std::optional<std::string> text_if(const char* key);
  std::uint64_t number(const char* key);
  std::optional<std::uint64_t> number_if(const char* key);
  bool flag(const char* key);
  // The value under `key`; `array` and `object` check the type too.
  const Json& value(const char* key);
  const Json& array(const char* key);
  const Json& object(const char* key);
  // Null where the field is absent.
  const Json* value_if(const char* key);
  std::vector<std::string> texts(const char* key);
  // Throws unless the field is exactly `expected`.
  void constant(const char* key, std::string_view expected);
  void constant(const char* key, std::uint64_t expected);

  // Throws on a field that was not asked for. Call it last.
  void done() const;
  // "WHERE.key", for messages about the value itself.
  std::string at(std::string_view key) const;
  [[noreturn]] void refuse(std::string_view key, std::string_view found_and_expected) const;

 private:
  const Json& object_;
  std::string where_;
  Errc code_;
  std::set<std::string, std::less<>> asked_;
};

// An object of texts; Error{corrupt} that names `where`.
std::map<std::string, std::string> texts_by_key(const Json& value, const std::string& where);

}  // namespace sealift
