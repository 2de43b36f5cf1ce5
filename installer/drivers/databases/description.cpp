// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/databases/description.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/drivers/databases/database_step.hpp"
#include "migrations/lint.hpp"

namespace sealift::installer {

namespace {

using migrations::Migration;
using migrations::MigrationSet;

constexpr std::size_t kShownLines = 40;
constexpr std::size_t kShownBytes = 64U << 10;  // where those are longer, fewer are shown

// Where the release names a way back.
std::string what_a_fenced_failure_does(const DatabaseChange& change) {
  if (!change.fenced_until_activate) {
    return format("restores {}, as the fence keeps users out", change.backup);
  }
  return format(
      "restores {} as long as the writers of the fence are stopped, and ends in a person's "
      "decision after that",
      change.backup);
}

// What a failure that comes after the migrations does to them.
std::string what_a_failure_does(const DatabaseChange& change) {
  const std::string& rollback = change.settings.rollback;
  if (rollback == "code-only") return "leaves the migrations in place";
  if (rollback == "forward-only") return "ends in a person's decision (rollback: forward-only)";
  return change.fenced
             ? what_a_fenced_failure_does(change)
             : format("ends in a person's decision (rollback: {}, and site.yaml has no fence)",
                      rollback);
}

std::size_t count_lines(const migrations::SqlText& sql) {
  const std::unique_ptr<Source> source = sql.open();
  std::array<char, 65536> buffer{};
  std::size_t lines = 0;
  bool is_open = false;  // the last one has no end
  while (const std::size_t count = source->read(buffer)) {
    const std::string_view part(buffer.data(), count);
    lines += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
    is_open = part.back() != '\n';
  }
  return lines + (is_open ? 1 : 0);
}

// The first lines of some SQL, as people see it.
void show_sql(const migrations::SqlText& text, std::vector<std::string>& lines) {
  const std::string beginning = text.beginning(kShownBytes);
  std::string_view sql = beginning;
  std::size_t shown = 0;
  for (; !sql.empty() && shown < kShownLines; ++shown) {
    const std::size_t end = std::min(sql.find('\n'), sql.size());
    std::string line;
    for (const char c : sql.substr(0, end)) line += c == '\t' ? "    " : std::string(1, c);
    lines.push_back(format("  | {}", printable(line, 400)));
    sql.remove_prefix(std::min(end + 1, sql.size()));
  }
  const std::size_t left = count_lines(text) - shown;
  if (left > 0) lines.push_back(format("  | ... and {} more lines", left));
}

// Of a step that goes back on purpose.
std::vector<std::string> describe_way_back(const Step& step, const DatabaseChange& change) {
  std::vector<std::string> lines;
  if (step.action == kTakeBack) {
    for (const WayDown& way : change.ways.value()) {
      lines.push_back(way.name + ".down.sql");
      show_sql(way.sql, lines);
    }
  }
  lines.push_back(format("a failure while {} goes back changes nothing; a later one {}",
                         step.target,
                         change.fenced ? what_a_fenced_failure_does(change)
                                       : "ends in a person's decision (site.yaml has no fence)"));
  return lines;
}

}  // namespace

std::vector<std::size_t> lines_outside(const MigrationSet& set, const Migration& migration) {
  std::vector<std::size_t> lines;
  if (set.dialect == migrations::Dialect::sqlite || migration.is_baseline()) return lines;
  set.each_chunk(migration, [&](const migrations::Chunk& chunk) {
    each_statement(chunk.text, set.dialect, [&](const migrations::Statement& statement) {
      if (standing_of(statement, set.dialect) == migrations::Standing::outside) {
        lines.push_back(chunk.line + statement.line - 1);
      }
    });
  });
  return lines;
}

std::vector<std::string> describe_migrations(const Step& step, const MigrationSet& set) {
  std::vector<std::string> lines;
  if (step.action == kBackup) return lines;
  const DatabaseChange change = database_change_from_json(step);
  if (step.action != kMigrate) return describe_way_back(step, change);
  std::vector<const Migration*> pending;
  for (const Migration& each : set.migrations) {
    if (change.pending.value().contains(each.name)) pending.push_back(&each);
  }
  const std::string& transactions = change.settings.transactions;
  const std::vector<migrations::Finding> findings =
      migrations::lint(set, pending, migrations::span_named(transactions));
  bool is_whole = true;
  for (const Migration* migration : pending) {
    lines.push_back(format("{}{}", migration->file,
                           migration->is_baseline() ? ": a baseline, recorded and not run" : ""));
    for (const migrations::Finding& finding : findings) {
      if (finding.migration != migration->name) continue;
      lines.push_back(format("  line {}: {}: {}", finding.line, finding.rule, finding.found));
    }
    for (const std::size_t line : lines_outside(set, *migration)) {
      lines.push_back(format("  line {}: runs outside of a transaction", line));
      is_whole = false;
    }
    show_sql(migration->sql, lines);
  }
  is_whole = is_whole && transactions == "run";
  lines.push_back(format(
      "a failure while it migrates {}; a later one {}",
      is_whole ? std::string("changes nothing")
               : format("keeps what was committed before it, and {}", what_a_failure_does(change)),
      what_a_failure_does(change)));
  return lines;
}

}  // namespace sealift::installer
