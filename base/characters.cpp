// SPDX-License-Identifier: Apache-2.0
#include "base/characters.hpp"

#include <utf8proc.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift {

namespace {

using CodePoint = std::int32_t;

constexpr CodePoint kBroken = -1;
constexpr CodePoint kBlackFlag = 0x1F3F4;
constexpr std::size_t kMaxTags = 7;  // "gbeng" and the end
constexpr std::size_t kMaxLinesSaid = 100;

// The first code point of a text; kBroken where its UTF-8 is.
CodePoint first_of(std::string_view text, std::size_t& bytes) {
  utf8proc_int32_t code_point = kBroken;
  const auto used = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                     static_cast<utf8proc_ssize_t>(text.size()), &code_point);
  const bool is_good = used > 0 && code_point >= 0;
  bytes = is_good ? static_cast<std::size_t>(used) : 1;
  return is_good ? code_point : kBroken;
}

bool is_between(CodePoint c, CodePoint first, CodePoint last) {
  return c >= first && c <= last;
}

bool is_joiner(CodePoint c) {
  return c == 0x200C || c == 0x200D;
}

bool is_variation_selector(CodePoint c) {
  return is_between(c, 0xFE00, 0xFE0F) || is_between(c, 0xE0100, 0xE01EF) ||
         is_between(c, 0x180B, 0x180D) || c == 0x180F;
}

bool is_tag(CodePoint c) {
  return is_between(c, 0xE0020, 0xE007F);
}

// Embeddings, overrides and isolates: what follows is shown in another order than it is read in.
bool turns_text(CodePoint c) {
  return is_between(c, 0x202A, 0x202E) || is_between(c, 0x2066, 0x2069);
}

bool is_no_character(CodePoint c) {
  return (c & 0xFFFE) == 0xFFFE || is_between(c, 0xFDD0, 0xFDEF);
}

// By itself.
bool has_shape(CodePoint c) {
  if (c == kBroken) return false;
  const utf8proc_property_t* property = utf8proc_get_property(c);
  switch (property->category) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:  // what turns text among them
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    default:
      return !property->ignorable;
  }
}

// Digits and the two others that are keys of a telephone have a shape of an emoji's.
bool can_be_keycap(CodePoint c) {
  return is_between(c, '0', '9') || c == '#' || c == '*';
}

}  // namespace

// Broken UTF-8 gives one byte at a time, so that reading always goes on.
bool CharacterReader::next() {
  if (rest_.empty()) return false;
  before_ = is_visible_ ? code_point_ : 0;
  std::size_t used = 0;
  code_point_ = first_of(rest_, used);
  bytes_ = rest_.substr(0, used);
  rest_.remove_prefix(used);
  const bool is_tag_of_flag = is_of_flag();
  is_visible_ = has_shape(code_point_) || is_tag_of_flag || shapes_others();
  return true;
}

bool CharacterReader::is_of_flag() {
  if (is_tag(code_point_) && tags_ > 0) {
    --tags_;
    return true;
  }
  tags_ = code_point_ == kBlackFlag ? kMaxTags : 0;
  return false;
}

// A joiner joins two characters that are no ASCII; a selector chooses a shape of the one before it.
bool CharacterReader::shapes_others() const {
  if (is_variation_selector(code_point_)) {
    return (before_ > 0x7F || can_be_keycap(before_)) && has_shape(before_);
  }
  if (!is_joiner(code_point_) || before_ <= 0x7F || is_joiner(before_)) return false;
  std::size_t unused = 0;
  const CodePoint behind = rest_.empty() ? kBroken : first_of(rest_, unused);
  return behind > 0x7F && has_shape(behind);
}

std::string CharacterReader::name() const {
  return format("U+{:04X}", code_point_);
}

bool CharacterReader::is_content() const {
  const CodePoint c = code_point_;
  if (c == kBroken || c < 0x20 || is_between(c, 0x7F, 0x9F)) return false;
  if (turns_text(c) || is_no_character(c)) return false;
  if (c == 0x2028 || c == 0x2029 || c == 0xFEFF) return false;  // a line to some, nothing to others
  return !is_tag(c) || is_visible_;
}

std::string_view without_byte_order_mark(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

void check_content(std::string_view text, const std::string& name) {
  Problems problems;
  text = without_byte_order_mark(text);
  for (int line = 1; !text.empty() && problems.all().size() < kMaxLinesSaid; ++line) {
    std::string_view here = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), here.size() + 1));
    if (here.ends_with('\r')) here.remove_suffix(1);
    CharacterReader reader(here);
    while (reader.next()) {
      if (reader.bytes() == "\t" || reader.is_content()) continue;
      if (reader.is_broken()) {
        problems.add(
            format("{}:{}: found text that is not UTF-8: {}", name, line, printable(here, 80)),
            "save the file as UTF-8");
      } else {
        problems.add(format("{}:{}: found the character {}, which is a control or hides text: {}",
                            name, line, reader.name(), printable(here, 80)),
                     "remove it; where it is meant, write it in double quotes as an escape");
      }
      break;
    }
  }
  problems.throw_if_any(Errc::invalid_input);
}

}  // namespace sealift
