// SPDX-License-Identifier: Apache-2.0
#include "migrations/tracking.hpp"

#include <algorithm>

namespace sealift::migrations {

namespace {

// Tables of 1.x that were upgraded keep milliseconds where new rows have whole seconds.
constexpr std::int64_t kSecond = 1000;

// Which migration a row speaks of; nothing where the release has none like it. Names first, then
// times, and the hash where those leave a choice.
const Migration* migration_of(const AppliedRow& row, const MigrationSet& set) {
  const auto find = [&](auto&& matches) -> const Migration* {
    const Migration* found = nullptr;
    for (const Migration& each : set.migrations) {
      if (!matches(each)) continue;
      if (each.hash.hex() == row.hash) return &each;
      if (found == nullptr) found = &each;
    }
    return found;
  };
  const bool has_name = row.name && !row.name->empty();
  if (has_name) {
    if (const auto* found = find([&](const auto& each) { return each.name == *row.name; })) {
      return found;
    }
  }
  if (set.layout == Layout::sql) return nullptr;
  if (const auto* found = find([&](const auto& each) { return each.when == row.created_at; })) {
    return found;
  }
  // The same file under the name that the other layout gives it.
  const Migration* same_second =
      find([&](const auto& each) { return each.when / kSecond == row.created_at / kSecond; });
  if (same_second != nullptr && (!has_name || same_second->hash.hex() == row.hash)) {
    return same_second;
  }
  const Migration* same_text = find([&](const auto& each) { return each.hash.hex() == row.hash; });
  return has_name ? nullptr : same_text;
}

// The text with each end of a line as `end` has it. A carriage return alone is no end of a line,
// and stays.
std::string with_line_ends(std::string_view text, std::string_view end) {
  std::string changed;
  changed.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (text[i] == '\n') {
      changed += end;
    } else {
      changed += text[i];
    }
  }
  return changed;
}

// Git gives one checkout LF and another CRLF (core.autocrlf); both mean the same to a database.
bool differs_in_line_ends(const Migration& migration, const std::string& hash) {
  const auto is_hash = [&](std::string_view end) {
    return Digest::of(with_line_ends(migration.sql, end)).hex() == hash;
  };
  return is_hash("\n") || is_hash("\r\n");
}

}  // namespace

// Drizzle's own defaults; for plain SQL a schema of ours.
TrackingTable usual_table(Layout layout, Dialect dialect) {
  const bool has_schemas = dialect == Dialect::postgresql;
  if (layout == Layout::sql) {
    return {.schema = has_schemas ? "sealift" : "", .name = "__sealift_migrations"};
  }
  return {.schema = has_schemas ? "drizzle" : "", .name = "__drizzle_migrations"};
}

// An existing table keeps the shape that it has.
Shape shape_for(Layout layout) {
  return layout == Layout::drizzle_0 ? Shape::unnamed : Shape::with_name;
}

Comparison compare(const MigrationSet& set, const Applied& applied) {
  Comparison result;
  std::vector<bool> is_applied(set.migrations.size(), false);
  for (const AppliedRow& row : applied.rows) {
    const Migration* migration = migration_of(row, set);
    const auto place = migration == nullptr
                           ? is_applied.size()
                           : static_cast<std::size_t>(migration - set.migrations.data());
    // A second row for one migration says nothing that the release knows of.
    if (migration == nullptr || is_applied[place]) {
      result.unknown.push_back(row);
      continue;
    }
    is_applied[place] = true;
    if (migration->hash.hex() == row.hash) continue;
    const bool is_same = differs_in_line_ends(*migration, row.hash);
    (is_same ? result.other_line_ends : result.drifted).push_back({migration, row.hash});
  }
  const auto last = std::find(is_applied.rbegin(), is_applied.rend(), true);
  const auto after_last = static_cast<std::size_t>(is_applied.rend() - last);
  for (std::size_t i = 0; i < set.migrations.size(); ++i) {
    (is_applied[i] ? result.applied : result.pending).push_back(&set.migrations[i]);
  }
  for (const Migration* each : result.pending) {
    const bool is_passed =
        static_cast<std::size_t>(each - set.migrations.data()) < after_last ||
        (set.layout == Layout::drizzle_0 &&
         std::any_of(result.applied.begin(), result.applied.end(),
                     [&](const Migration* other) { return other->when >= each->when; }));
    if (is_passed) result.late.push_back(each);
  }
  return result;
}

// drizzle writes the migration's own time; plain SQL has none, so it is that of the run.
AppliedRow row_for(const Migration& migration, Shape shape, std::int64_t now) {
  AppliedRow row{.hash = migration.hash.hex(),
                 .created_at = migration.when == 0 ? now : migration.when,
                 .name = std::nullopt};
  if (shape == Shape::with_name) row.name = migration.name;
  return row;
}

}  // namespace sealift::migrations
