// SPDX-License-Identifier: Apache-2.0
#include "base/wrap.hpp"

#include <algorithm>

namespace sealift {

namespace {

constexpr char kEscape = '\x1b';

// Of a character of UTF-8 that has begun.
bool is_continued(char byte) {
  return (byte & 0xC0) == 0x80;
}

// A column that begins further to the right leaves too little room.
std::size_t furthest_indent(std::size_t columns) {
  return columns / 2;
}

// Where the text of a line begins that is wrapped below itself.
std::size_t start_of_text(std::string_view line, std::size_t columns) {
  const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t gap = line.substr(0, furthest_indent(columns)).rfind("  ");
  if (gap == line.npos || gap < first) return line.substr(first, 2) == "- " ? first + 2 : first;
  return line.find_first_not_of(' ', gap);
}

// How many bytes the first `columns` characters have.
std::size_t bytes_of(std::string_view text, std::size_t columns) {
  std::size_t bytes = 0;
  for (std::size_t seen = 0; bytes < text.size(); ++bytes) {
    if (is_continued(text[bytes])) continue;
    if (seen++ == columns) break;
  }
  return bytes;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == kEscape) {
      i = std::min(text.find('m', i), text.size());
    } else if (!is_continued(text[i])) {
      ++columns;
    }
  }
  return columns;
}

std::string_view first_columns(std::string_view text, std::size_t columns) {
  return text.substr(0, bytes_of(text, columns));
}

std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent,
                    LongWord long_word) {
  std::string lines;
  std::size_t used = indent;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) return lines;
    std::string_view word = text.substr(0, text.find(' '));
    if (long_word == LongWord::broken && indent < columns) {
      word = word.substr(0, bytes_of(word, columns - indent));
    }
    const std::size_t width = columns_of(word);
    if (lines.empty()) {
      lines = word;
    } else if (used + 1 + width <= columns) {
      lines.append(1, ' ').append(word);
      ++used;
    } else {
      lines.append(1, '\n').append(indent, ' ').append(word);
      used = indent;
    }
    used += width;
    text.remove_prefix(word.size());
  }
}

std::string wrapped_line(std::string_view line, std::size_t columns) {
  if (columns_of(line) <= columns) return std::string(line);
  const std::size_t start = start_of_text(line, columns);
  const std::string_view head = line.substr(0, start);
  return std::string(head) + wrapped(line.substr(start), columns, columns_of(head));
}

}  // namespace sealift
