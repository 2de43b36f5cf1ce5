// SPDX-License-Identifier: Apache-2.0
#include "installer/content/redaction.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/format.hpp"
#include "base/lines.hpp"
#include "base/text.hpp"
#include "signing/base64.hpp"

namespace sealift::installer {

namespace {

// Of a secret of several lines, such as a key: shorter ones are "-----" and the like.
constexpr std::size_t kShortestLine = 16;

std::string as_json(std::string_view value) {
  const std::string quoted = Json(std::string(value)).dump();
  return quoted.substr(1, quoted.size() - 2);
}

std::string as_url(std::string_view value) {
  std::string text;
  for (const char c : value) {
    const bool is_plain =
        is_letter_or_digit(c) || std::string_view("-._~").find(c) != std::string_view::npos;
    text += is_plain ? std::string(1, c) : format("%{:02X}", static_cast<unsigned char>(c));
  }
  return text;
}

// Without what depends on the bytes behind it.
std::string as_base64(std::string_view value) {
  return signing::to_base64(value.substr(0, value.size() - value.size() % 3));
}

bool is_of_word(char c) {
  return is_letter_or_digit(c) || c == '_' || c == '-';
}

// A name of two letters is a part of many words: only where it stands by itself is it an account.
void replace_words(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos;) {
    const bool begins = at == 0 || !is_of_word(text[at - 1]);
    const std::size_t end = at + from.size();
    const bool ends = end == text.size() || !is_of_word(text[end]);
    if (begins && ends) text.replace(at, from.size(), to);
    at += begins && ends ? to.size() : 1;
  }
}

}  // namespace

void Redaction::add_spelling(const std::string& key, std::string spelling) {
  if (spelling.size() >= kShortestSecret) {
    spellings_.emplace(std::move(spelling), format("[secret {}]", key));
  }
}

void Redaction::add_secret(const std::string& key, std::string_view value) {
  const std::string_view text = trimmed(value, " \t\r\n");
  if (text.empty()) return;
  if (text.size() < kShortestSecret) {
    too_short_.push_back(key);
    return;
  }
  // Two releases may have the same key, each with a value of its own.
  if (std::find(masked_.begin(), masked_.end(), key) == masked_.end()) masked_.push_back(key);
  for (const std::string_view each : {value, text}) {
    add_spelling(key, std::string(each));
    if (is_utf8(each)) add_spelling(key, as_json(each));
    add_spelling(key, as_url(each));
    // By itself, and in front of other bytes.
    add_spelling(key, signing::to_base64(each));
    if (each.size() >= 3 * kShortestSecret) add_spelling(key, as_base64(each));
  }
  for (const std::string_view each : split_lines(text)) {
    const std::string_view line = trimmed(each, " \t\r");
    if (line.size() >= kShortestLine) add_spelling(key, std::string(line));
  }
}

void Redaction::add_person(const std::string& account) {
  if (account.size() < 2 || account == "root" || account.starts_with("uid ")) return;
  people_.emplace(account, format("user-{}", people_.size() + 1));
}

std::string Redaction::clean(std::string text) const {
  for (const auto& [from, to] : spellings_) replace_all(text, from, to);
  for (const auto& [from, to] : people_) replace_words(text, from, to);
  return text;
}

Json Redaction::clean_json(const Json& value) const {
  if (value.is_string()) return Json(clean(value.text()));
  if (value.is_array()) {
    Json list = Json::array();
    for (const Json& each : value) list.push_back(clean_json(each));
    return list;
  }
  if (!value.is_object()) return value;
  Json object = Json::object();
  for (const auto& [key, each] : value.items()) object[clean(key)] = clean_json(each);
  return object;
}

}  // namespace sealift::installer
