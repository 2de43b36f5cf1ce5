// SPDX-License-Identifier: Apache-2.0
#include "cli/wrap.hpp"

#include <algorithm>

namespace sealift::cli {

std::size_t columns_of(std::string_view text) {
  // Bytes that continue a character of UTF-8 take none.
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xC0) != 0x80; }));
}

std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent) {
  std::string lines;
  std::size_t used = indent;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) return lines;
    const std::string_view word = text.substr(0, text.find(' '));
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

}  // namespace sealift::cli
