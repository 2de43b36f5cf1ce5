// SPDX-License-Identifier: Apache-2.0
#include "cli/table.hpp"

#include <algorithm>
#include <numeric>

#include "base/lines.hpp"
#include "base/text.hpp"
#include "base/wrap.hpp"

namespace sealift::cli {

namespace {

constexpr std::size_t kBetweenColumns = 2;

std::vector<std::size_t> widths_of(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  return widths;
}

// The widest first; none gets narrower than its heading.
void shrink(std::vector<std::size_t>& widths, const Row& headings, std::size_t columns) {
  const std::size_t between = kBetweenColumns * (widths.size() - 1);
  while (std::accumulate(widths.begin(), widths.end(), between) > columns) {
    const auto widest = std::max_element(widths.begin(), widths.end());
    const auto at = static_cast<std::size_t>(widest - widths.begin());
    if (*widest <= std::max<std::size_t>(1, at < headings.size() ? headings[at].size() : 1)) return;
    --*widest;
  }
}

std::vector<std::string> lines_of(const std::string& cell, std::size_t width) {
  const std::string text = wrapped(cell, width, 0, LongWord::broken);
  const std::vector<std::string_view> lines = split_lines(text);
  return {lines.begin(), lines.end()};
}

std::vector<std::string> lines_of(const Row& row, const std::vector<std::size_t>& widths) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::vector<std::string> cell = columns_of(row[i]) <= widths[i]
                                              ? std::vector<std::string>{row[i]}
                                              : lines_of(row[i], widths[i]);
    lines.resize(std::max(lines.size(), cell.size()));
    for (std::size_t k = 0; k < cell.size(); ++k) {
      lines[k].append(begin - std::min(begin, columns_of(lines[k])), ' ').append(cell[k]);
    }
    begin += widths[i] + kBetweenColumns;
  }
  for (std::string& line : lines) line.erase(line.find_last_not_of(' ') + 1);
  return lines;
}

}  // namespace

std::vector<std::vector<std::string>> laid_out(const std::vector<Row>& rows, std::size_t columns) {
  std::vector<std::size_t> widths = widths_of(rows);
  if (columns > 0 && !widths.empty()) shrink(widths, rows.front(), columns);
  std::vector<std::vector<std::string>> lines;
  lines.reserve(rows.size());
  for (const Row& row : rows) lines.push_back(lines_of(row, widths));
  return lines;
}

}  // namespace sealift::cli
