// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/format.hpp"
#include "base/lines.hpp"
#include "base/terminal.hpp"
#include "base/wrap.hpp"
#include "cli/table.hpp"

namespace sealift::cli {

namespace {

// The line of a Markdown text, without the stars of emphasis and with one sign for lists.
std::string without_markup(std::string_view line) {
  std::string text(line);
  for (std::size_t at = text.find("**"); at != text.npos; at = text.find("**", at)) {
    text.erase(at, 2);
  }
  const std::size_t first = text.find_first_not_of(' ');
  if (first != text.npos && text.substr(first, 2) == "* ") {
    text[first] = '-';
  }
  return text;
}

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool forces_color() {
  return is_set("CLICOLOR_FORCE") && std::string_view(std::getenv("CLICOLOR_FORCE")) != "0";
}

bool is_dumb() {
  return is_set("TERM") && std::string_view(std::getenv("TERM")) == "dumb";
}

const char* code_of(Tone tone) {
  switch (tone) {
    case Tone::heading:
      return "1";
    case Tone::good:
      return "32";
    case Tone::bad:
      return "1;31";
  }
  return "0";
}

}  // namespace

bool wants_color(Color asked, int descriptor) {
  if (asked != Color::automatic) return asked == Color::always;
  if (is_set("NO_COLOR")) return false;
  return forces_color() || (::isatty(descriptor) == 1 && !is_dumb());
}

std::string toned(Tone tone, std::string_view text) {
  return format("\x1b[{}m{}\x1b[0m", code_of(tone), text);
}

Output::Output(const Globals& globals)
    : globals_(globals),
      columns_(terminal_columns(STDOUT_FILENO)),
      colored_(wants_color(globals.color, STDOUT_FILENO)) {}

std::string Output::in(Tone tone, std::string_view text) const {
  return colored_ ? toned(tone, text) : std::string(text);
}

void Output::write(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void Output::line(std::string_view text) {
  if (wants_json()) return;
  write(columns_ == 0 ? std::string(text) : wrapped_line(text, columns_));
  write("\n");
}

void Output::text(std::string_view text) {
  if (!wants_json()) write(text);
}

void Output::notes(std::string_view text) {
  if (columns_ == 0) {
    line(text);
    return;
  }
  for (const std::string_view each : split_lines(text)) {
    const std::size_t level = each.find_first_not_of('#');
    if (level != each.npos && level > 0 && each[level] == ' ') {
      line(in(Tone::heading, each.substr(level + 1)));
    } else {
      line(without_markup(each));
    }
  }
}

void Output::table(const std::vector<std::vector<std::string>>& rows) {
  const auto lines = laid_out(rows, columns_);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const std::string& each : lines[i]) line(i == 0 ? in(Tone::heading, each) : each);
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

std::string duration_text(std::chrono::seconds time) {
  const auto seconds = time.count();
  if (seconds < 60) return format("{} s", seconds);
  if (seconds < 3600) return format("{} min {} s", seconds / 60, seconds % 60);
  return format("{} h {} min", seconds / 3600, seconds / 60 % 60);
}

}  // namespace sealift::cli
