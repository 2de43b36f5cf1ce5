// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/hash_token.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "base/ascii.hpp"
#include "base/format.hpp"
#include "release/documents/serving.hpp"

namespace sealift::builder {

namespace {

// Characters. Bundlers write eight by default, and no hash of ours or theirs has more than 64.
constexpr std::size_t kShortest = 8;
constexpr std::size_t kLongest = 64;

bool is_vowel(char c) {
  return std::string_view("AEIOUYaeiouy").find(c) != std::string_view::npos;
}

template <typename Is>
bool all(std::string_view text, Is&& is) {
  return std::all_of(text.begin(), text.end(), is);
}

template <typename Is>
bool any(std::string_view text, Is&& is) {
  return std::any_of(text.begin(), text.end(), is);
}

// In one case: a hash is written in one.
bool is_hexadecimal(std::string_view token) {
  return token.find_first_not_of("0123456789abcdef") == token.npos ||
         token.find_first_not_of("0123456789ABCDEF") == token.npos;
}

// The units of a name: numbers, words, and capitals before a word. "SVGIcons2" -> "SVG", "Icons",
// "2".
std::vector<std::string_view> units_of(std::string_view text) {
  std::vector<std::string_view> units;
  while (!text.empty()) {
    std::size_t end = 1;
    const auto skip = [&](bool (*is)(char)) {
      while (end < text.size() && is(text[end])) ++end;
    };
    if (is_digit(text.front())) {
      skip(is_digit);
    } else if (is_small_letter(text.front()) || (text.size() > 1 && is_small_letter(text[1]))) {
      skip(is_small_letter);
    } else {
      skip(is_capital_letter);
      if (end < text.size() && is_small_letter(text[end])) --end;
    }
    units.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return units;
}

// Two letters are taken for a word only where people use them in names.
bool is_short_word(std::string_view unit) {
  constexpr std::array<std::string_view, 18> kShortWords = {"Ai", "Db", "Go", "Id", "Io", "Ip",
                                                            "Js", "Md", "My", "No", "On", "Os",
                                                            "Qr", "To", "Ts", "Tv", "Ui", "Up"};
  return std::find(kShortWords.begin(), kShortWords.end(), unit) != kShortWords.end();
}

// Words put together as people do it: MaterialUi, SVGIcons, web3Icon.
bool is_words(std::string_view text) {
  std::size_t numbers = 0;
  bool is_first = true;
  for (const std::string_view unit : units_of(text)) {
    if (is_digit(unit.front())) {
      if (unit.size() > 4 || ++numbers > 1) return false;
    } else if (all(unit, is_capital_letter)) {
      if (!is_first || unit.size() < 2 || unit.size() > 4) return false;
    } else if (unit.size() < 3) {
      if (!is_short_word(unit) && !(is_first && is_small_letter(unit.front()))) return false;
    } else if (!any(unit, is_vowel)) {
      return false;
    }
    is_first = false;
  }
  return true;
}

// What '-' and '_' separate. Empty parts are left out: hashes in base64url may have such marks side
// by side.
std::vector<std::string_view> parts_of(std::string_view token) {
  std::vector<std::string_view> parts;
  while (!token.empty()) {
    const std::size_t end = std::min(token.find_first_of("-_"), token.size());
    if (end > 0) parts.push_back(token.substr(0, end));
    token.remove_prefix(std::min(end + 1, token.size()));
  }
  return parts;
}

// Letters of one case change with digits too often for a size or a version: a3k9x_2b.
bool is_restless(std::string_view token, const std::vector<std::string_view>& parts) {
  std::size_t units = 0;
  for (const std::string_view part : parts) units += units_of(part).size();
  std::set<char> letters(token.begin(), token.end());
  std::erase_if(letters, [](char c) { return !is_small_letter(c) && !is_capital_letter(c); });
  return any(token, is_digit) && units >= 5 && letters.size() > 1;
}

}  // namespace

// From certain to doubtful; what is left over at the end is none.
bool could_be_hash(std::string_view token) {
  const bool is_plain = all(token, [](char c) {
    return is_digit(c) || is_small_letter(c) || is_capital_letter(c) || c == '-' || c == '_';
  });
  if (!is_plain || token.size() < kShortest || token.size() > kLongest) return false;
  if (release::has_hashed_name(format("a/x.{}.js", token))) return true;
  if (is_hexadecimal(token)) return false;
  const std::vector<std::string_view> parts = parts_of(token);
  if (any(token, is_small_letter) && any(token, is_capital_letter)) {
    return !std::all_of(parts.begin(), parts.end(), is_words);
  }
  return is_restless(token, parts);
}

bool has_uuid(std::string_view path) {
  // What has one is no hashed name whatever stands behind it.
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return !release::has_hashed_name(format("a/{}-3f9a1c2e.js", name));
}

}  // namespace sealift::builder
