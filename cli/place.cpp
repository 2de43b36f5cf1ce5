// SPDX-License-Identifier: Apache-2.0
#include "cli/place.hpp"

#include <algorithm>
#include <charconv>

#include "base/ascii.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/lines.hpp"
#include "base/wrap.hpp"

namespace sealift::cli {

namespace {

constexpr std::uint64_t kMaxText = 4U << 20;  // bytes of a file that a person wrote

// By its name alone, for it may be relative to another folder than this one.
bool is_document(std::string_view file) {
  return file.ends_with(".yaml") || file.ends_with(".yml") || file.ends_with(".json");
}

// The key that a text begins with, up to ": "; words of a message are none.
std::string_view key_of(std::string_view text) {
  const std::size_t end = text.find(": ");
  if (end == text.npos) return {};
  const std::string_view key = text.substr(0, end);
  const std::string_view word = key.substr(0, key.find(' '));
  const bool is_path = word.size() == key.size() || word.find_first_of(".[") != word.npos;
  return is_path ? key : std::string_view();
}

// "source" of "components[2].source"; empty where it is an item of a list.
std::string_view last_name(std::string_view key) {
  if (key.ends_with(']')) return {};
  const std::size_t dot = key.rfind('.');
  return dot == key.npos ? key : key.substr(dot + 1);
}

// Where `name` is written as a key: before a colon, which may stand behind a quote.
std::size_t place_in_line(std::string_view line, std::string_view name) {
  for (std::size_t at = 0; !name.empty() && (at = line.find(name, at)) != line.npos; ++at) {
    const std::size_t end = at + name.size();
    const bool is_begun = at == 0 || !is_letter_or_digit(line[at - 1]);
    const bool is_quoted = at > 0 && line[at - 1] == '"' && line.substr(end).starts_with('"');
    if (is_begun && line.substr(is_quoted ? end + 1 : end).starts_with(':')) {
      return is_quoted ? at - 1 : at;
    }
  }
  return std::min(line.find_first_not_of(" -"), line.size());
}

std::size_t column_of(const Place& place, std::string_view text) {
  std::size_t number = 0;
  for (const std::string_view line : split_lines(text)) {
    if (++number < place.line) continue;
    return columns_of(line.substr(0, place_in_line(line, last_name(place.key)))) + 1;
  }
  return 0;
}

}  // namespace

std::optional<Place> place_of(std::string_view message, const TextOf& text_of) {
  for (std::size_t at = 0; (at = message.find(':', at)) != message.npos; ++at) {
    Place place;
    const char* const digits = message.data() + at + 1;
    const auto [end, failure] =
        std::from_chars(digits, message.data() + message.size(), place.line);
    const std::string_view rest = message.substr(static_cast<std::size_t>(end - message.data()));
    if (failure != std::errc() || place.line == 0 || !rest.starts_with(": ")) continue;
    // What was being done stands before the file.
    const std::string_view before = message.substr(0, at);
    const std::size_t begin = before.rfind(": ");
    place.file = before.substr(begin == before.npos ? 0 : begin + 2);
    const std::optional<std::string> text = text_of(place.file);
    if (!text && !is_document(place.file)) continue;  // as of HOST:PORT
    place.key = key_of(rest.substr(2));
    if (text) place.column = column_of(place, *text);
    return place;
  }
  return std::nullopt;
}

void add_place(const Place& place, Json& problem) {
  problem["file"] = place.file;
  problem["line"] = place.line;
  if (place.column > 0) problem["column"] = place.column;
  if (!place.key.empty()) problem["key"] = place.key;
}

std::optional<std::string> text_of_file(const std::string& file) {
  try {
    return read_file(file, kMaxText);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace sealift::cli
