// SPDX-License-Identifier: Apache-2.0
#include "compose/template_tags.hpp"

#include <algorithm>
#include <charconv>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::compose {

namespace {

// Before the number of a tag and behind it; no file says this by chance.
constexpr std::string_view kTagWord = "SEALIFT-TAG-";
constexpr std::string_view kTagEnd = "-GAT";

// Behind the tag that `text` begins with; npos: it never ends, which the template's reader says.
std::size_t tag_end(std::string_view text) {
  const std::string_view closing = text.starts_with("{{{") ? "}}}" : "}}";
  bool is_quoted = false;
  const bool is_comment = text.starts_with("{{!");
  for (std::size_t i = 2; i < text.size(); ++i) {
    if (!is_quoted && text.substr(i).starts_with(closing)) return i + closing.size();
    if (text[i] == '"' && !is_comment) is_quoted = !is_quoted;
    if (is_quoted && text[i] == '\\') ++i;
  }
  return std::string_view::npos;
}

}  // namespace

std::string TemplateTags::taken_from(std::string_view text, const std::string& name,
                                     Problems& problems) {
  std::string taken;
  while (!text.empty()) {
    const std::size_t at = std::min(text.find("{{"), text.size());
    taken += text.substr(0, at);
    text.remove_prefix(at);
    if (text.empty()) break;
    const std::size_t end = tag_end(text);
    if (end == std::string_view::npos) return taken + std::string(text);
    const std::string_view tag = text.substr(0, end);
    text.remove_prefix(end);
    const std::string_view inside = trimmed(tag.substr(2), " \t\r\n");
    if (inside.starts_with('#') || inside.starts_with('^') || inside.starts_with('/')) {
      problems.add(format("{}:{}: found {}, a section, in a file that is merged", name,
                          1 + std::count(taken.begin(), taken.end(), '\n'), printable(tag, 80)),
                   "use values and variables there, or put the section into a file without "
                   "extends, include and files over it");
    } else if (!inside.starts_with('!')) {
      taken += word_for(tag);
    }
  }
  return taken;
}

std::string TemplateTags::word_for(std::string_view tag) {
  const auto known = words_.find(tag);
  if (known != words_.end()) return known->second;
  std::string word = format("{}{}{}", kTagWord, tags_.size(), kTagEnd);
  tags_.emplace_back(tag);
  return words_[std::string(tag)] = word;
}

std::string TemplateTags::put_back(const std::string& text) const {
  std::string whole;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t at = std::min(rest.find(kTagWord), rest.size());
    whole += rest.substr(0, at);
    rest.remove_prefix(at);
    if (rest.empty()) break;
    rest.remove_prefix(kTagWord.size());
    std::size_t number = 0;
    const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    const auto digits = static_cast<std::size_t>(read.ptr - rest.data());
    if (read.ec != std::errc() || number >= tags_.size() ||
        !rest.substr(digits).starts_with(kTagEnd)) {
      whole += kTagWord;
      continue;
    }
    whole += tags_[number];
    rest.remove_prefix(digits + kTagEnd.size());
  }
  return whole;
}

}  // namespace sealift::compose
