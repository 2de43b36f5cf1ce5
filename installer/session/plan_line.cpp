// SPDX-License-Identifier: Apache-2.0
#include "installer/session/plan_line.hpp"

#include <vector>

#include "base/format.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"

namespace sealift::installer {

namespace {

// "4 files to add", then "2 to change".
void add_files(std::uint64_t count, const char* verb, std::vector<std::string>& parts) {
  if (count == 0) return;
  const std::string what = parts.empty() ? cli::count_text(count, "file") : std::to_string(count);
  parts.push_back(format("{} to {}", what, verb));
}

void add(std::uint64_t count, const char* noun, std::vector<std::string>& parts) {
  if (count > 0) parts.push_back(cli::count_text(count, noun));
}

}  // namespace

std::string plan_line(const Totals& totals, const Forecast& forecast) {
  std::vector<std::string> parts;
  add_files(totals.added, "add", parts);
  add_files(totals.changed, "change", parts);
  add_files(totals.removed, "remove", parts);
  if (totals.images > 0) parts.push_back(cli::count_text(totals.images, "image") + " to load");
  add(totals.migrations, "migration", parts);
  add(totals.restarts, "restart", parts);
  add(totals.reloads, "reload", parts);
  std::string line = format("Plan: {}", parts.empty() ? "no file changes" : joined(parts));
  if (totals.free) {
    line += format("; {} to write, {} free", cli::size_text(totals.bytes),
                   cli::size_text(*totals.free));
  }
  if (const std::string when = text(forecast); !when.empty()) line += format("; {}", when);
  return line;
}

}  // namespace sealift::installer
