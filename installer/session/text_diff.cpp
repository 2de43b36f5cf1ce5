// SPDX-License-Identifier: Apache-2.0
#include "installer/session/text_diff.hpp"

#include <algorithm>
#include <span>

#include "base/format.hpp"
#include "base/lines.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kAround = 3;             // lines that are shown beside a change
constexpr std::size_t kMostCells = 4'000'000;  // of the table that finds the shortest difference

using Lines = std::vector<std::string_view>;

struct Edit {
  char sign;  // ' ', '-' or '+'
  std::string_view line;
};

// By the longest common subsequence of what lies between.
void compare_middle(std::span<const std::string_view> before,
                    std::span<const std::string_view> after, std::vector<Edit>& edits) {
  const std::size_t width = after.size() + 1;
  const bool fits = (before.size() + 1) * width <= kMostCells;
  std::vector<unsigned> longest(fits ? (before.size() + 1) * width : 0);
  for (std::size_t i = fits ? before.size() : 0; i-- > 0;) {
    for (std::size_t j = after.size(); j-- > 0;) {
      longest[i * width + j] = before[i] == after[j] ? longest[(i + 1) * width + j + 1] + 1
                                                     : std::max(longest[(i + 1) * width + j],
                                                                longest[i * width + j + 1]);
    }
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < before.size() || j < after.size()) {
    if (fits && i < before.size() && j < after.size() && before[i] == after[j]) {
      edits.push_back({' ', before[i++]});
      ++j;
    } else if (i < before.size() && (j == after.size() || !fits ||
                                     longest[(i + 1) * width + j] >= longest[i * width + j + 1])) {
      edits.push_back({'-', before[i++]});
    } else {
      edits.push_back({'+', after[j++]});
    }
  }
}

std::vector<Edit> edits_of(const Lines& before, const Lines& after) {
  std::vector<Edit> edits;
  std::size_t begin = 0;
  while (begin < std::min(before.size(), after.size()) && before[begin] == after[begin]) {
    edits.push_back({' ', before[begin++]});
  }
  std::size_t same = 0;  // at the end
  while (same < std::min(before.size(), after.size()) - begin &&
         before[before.size() - 1 - same] == after[after.size() - 1 - same]) {
    ++same;
  }
  compare_middle(std::span(before).subspan(begin, before.size() - same - begin),
                 std::span(after).subspan(begin, after.size() - same - begin), edits);
  for (std::size_t i = before.size() - same; i < before.size(); ++i) {
    edits.push_back({' ', before[i]});
  }
  return edits;
}

bool is_change(const Edit& edit) {
  return edit.sign != ' ';
}

// Whether a line is shown: a change, or one beside it.
bool is_shown(const std::vector<Edit>& edits, std::size_t index) {
  const auto first = edits.begin() + static_cast<std::ptrdiff_t>(index - std::min(index, kAround));
  const auto last =
      edits.begin() + static_cast<std::ptrdiff_t>(std::min(index + kAround + 1, edits.size()));
  return std::any_of(first, last, is_change);
}

}  // namespace

std::vector<std::string> text_diff(std::string_view before, std::string_view after) {
  const std::vector<Edit> edits = edits_of(split_lines(before), split_lines(after));
  std::vector<std::string> lines;
  std::size_t old_line = 1;
  std::size_t new_line = 1;
  bool was_shown = false;
  for (std::size_t i = 0; i < edits.size(); ++i) {
    const bool shown = is_shown(edits, i);
    if (shown && !was_shown) lines.push_back(format("@@ -{} +{} @@", old_line, new_line));
    if (shown) lines.push_back(edits[i].sign + std::string(edits[i].line));
    was_shown = shown;
    old_line += edits[i].sign == '+' ? 0 : 1;
    new_line += edits[i].sign == '-' ? 0 : 1;
  }
  return lines;
}

}  // namespace sealift::installer
