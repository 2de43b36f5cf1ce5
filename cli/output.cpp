// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/format.hpp"

namespace sealift::cli {

void Output::write(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void Output::line(std::string_view text) {
  if (wants_json()) return;
  write(text);
  write("\n");
}

void Output::text(std::string_view text) {
  if (!wants_json()) write(text);
}

// Widths are of bytes: names here are ASCII, and a wider cell only moves what follows. The last
// column is not padded, so that lines end where their text does.
void Output::table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string text;
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += i + 1 == row.size() ? row[i] : format("{:<{}}  ", row[i], widths[i]);
    }
    line(text);
  }
}

// Called once by each command.
void Output::json(const Json& value) {
  if (wants_json()) write(to_pretty(value));
}

// A write to a pipe or file is buffered: only a flush tells that the disk was full.
void Output::finish() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) throw_errno("standard output", "write");
}

// Powers of 1024, with their own names (IEC 80000-13).
std::string size_text(std::uint64_t bytes) {
  static constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return format("{:.1f} {}", value, kUnits[unit]);
}

std::string count_text(std::uint64_t count, std::string_view noun) {
  return format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace sealift::cli
