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
constexpr std::size_t kMany = 6;  // columns, of which none has room where they are cramped

std::vector<std::size_t> widths_of(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  return widths;
}

std::size_t width_of(const std::vector<std::size_t>& widths) {
  const std::size_t between = widths.empty() ? 0 : kBetweenColumns * (widths.size() - 1);
  return std::accumulate(widths.begin(), widths.end(), between);
}

// The widest first; none gets narrower than its heading.
void shrink(std::vector<std::size_t>& widths, const Row& headings, std::size_t columns) {
  while (width_of(widths) > columns) {
    const auto widest = std::max_element(widths.begin(), widths.end());
    const auto at = static_cast<std::size_t>(widest - widths.begin());
    if (*widest <= std::max<std::size_t>(1, at < headings.size() ? headings[at].size() : 1)) return;
    --*widest;
  }
}

// Whether so many headings leave less than a quarter of the columns to what stands below them.
bool is_too_narrow(const Row& headings, std::size_t columns) {
  if (headings.size() < kMany) return false;
  std::size_t taken = 0;
  for (const std::string& heading : headings) taken += columns_of(heading) + kBetweenColumns;
  return taken * 4 > columns * 3;
}

// A line for each cell that says something, behind its heading, and a blank one between two rows.
std::vector<std::vector<std::string>> as_records(const std::vector<Row>& rows) {
  const Row& headings = rows.front();
  std::size_t width = 0;
  for (const std::string& heading : headings) width = std::max(width, columns_of(heading));
  std::vector<std::vector<std::string>> lines(rows.size());
  for (std::size_t i = 1; i < rows.size(); ++i) {
    for (std::size_t k = 0; k < rows[i].size(); ++k) {
      if (rows[i][k].empty()) continue;
      const std::string gap(width - columns_of(headings[k]) + kBetweenColumns, ' ');
      lines[i].push_back(headings[k] + gap + rows[i][k]);
    }
    if (i + 1 < rows.size()) lines[i].emplace_back();
  }
  return lines;
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
  if (columns > 0 && width_of(widths) > columns) {
    if (is_too_narrow(rows.front(), columns)) return as_records(rows);
    shrink(widths, rows.front(), columns);
  }
  std::vector<std::vector<std::string>> lines;
  lines.reserve(rows.size());
  for (const Row& row : rows) lines.push_back(lines_of(row, widths));
  return lines;
}

}  // namespace sealift::cli
