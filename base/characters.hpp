// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which characters a text may hold: one rule, the builder's and the installer's.
// Content that people write may hold whatever Unicode has for writing and emoji: joiners, variation
// selectors, soft hyphens, private use, a byte order mark at its beginning. Only what hides or
// reorders text is refused.
// Names and messages are judged: there, a character without a shape of its own must shape its
// neighbours, as a joiner does between two letters of Sinhala.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sealift {

// The characters of a text, one after the other.
class CharacterReader {
 public:
  explicit CharacterReader(std::string_view text) : rest_(text) {}

  // False at the end of the text.
  bool next();
  // Those of the character; of broken UTF-8 one byte.
  std::string_view bytes() const { return bytes_; }
  bool is_broken() const { return code_point_ < 0; }
  // U+202E, as Unicode's charts spell it.
  std::string name() const;
  // Whether a reader sees it, or what it does to those around it.
  bool is_visible() const { return is_visible_; }
  // Whether content may hold it; line ends and tabs are others' to judge.
  bool is_content() const;

 private:
  bool shapes_others() const;
  bool is_of_flag();

  std::string_view rest_;
  std::string_view bytes_;
  std::int32_t before_ = 0;  // the character before, where it is visible
  std::int32_t code_point_ = 0;
  std::size_t tags_ = 0;  // how many tags may follow a flag yet
  bool is_visible_ = false;
};

inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
// The text behind a byte order mark that it may begin with.
std::string_view without_byte_order_mark(std::string_view text);

// Throws Error{invalid_input} with every line, "NAME:LINE: ...", that holds a character which
// content may not have: controls but tabs and line ends, what turns the direction of text, broken
// UTF-8.
void check_content(std::string_view text, const std::string& name);

}  // namespace sealift
