// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/documents.hpp"

#include "base/lines.hpp"
#include "base/text.hpp"

namespace sealift::kubernetes {

namespace {

struct Part {
  std::string text;
  bool is_empty = true;  // but for comments
};

bool is_separator(std::string_view line) {
  if (!line.starts_with("---")) return false;
  const std::string_view rest = line.substr(3);
  return rest.empty() || rest.front() == ' ' || rest.front() == '\t' || rest.front() == '\r';
}

}  // namespace

std::vector<std::string> documents_of(std::string_view text) {
  std::vector<Part> parts(1);
  std::size_t number = 0;
  for (std::string_view line : split_lines(text)) {
    if (is_separator(line)) {
      parts.push_back({.text = std::string(number, '\n')});
      line.remove_prefix(3);
    }
    ++number;
    const std::string_view words = trimmed(line, " \t\r");
    if (!words.empty() && words.front() != '#' && words != "...") parts.back().is_empty = false;
    parts.back().text.append(words == "..." ? "" : line).append("\n");
  }
  std::vector<std::string> documents;
  for (Part& part : parts) {
    if (!part.is_empty) documents.push_back(std::move(part.text));
  }
  return documents;
}

}  // namespace sealift::kubernetes
