// SPDX-License-Identifier: Apache-2.0
#include "migrations/tracking.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace sealift::migrations {

namespace {

// Tables of 1.x that were upgraded keep milliseconds where new rows have whole seconds.
constexpr std::int64_t kSecond = 1000;

// Which migration a row speaks of. A database may have thousands of rows, and a release as many
// migrations.
class Migrations {
 public:
  explicit Migrations(const MigrationSet& set) : layout_(set.layout) {
    for (const Migration& each : set.migrations) {
      const std::string hash = each.hash.hex();
      by_name_[each.name].emplace_back(hash, &each);
      by_time_[each.when].emplace_back(hash, &each);
      by_second_[each.when / kSecond].emplace_back(hash, &each);
      by_hash_[hash].emplace_back(hash, &each);
    }
  }

  // Names first, then times, and the hash where those leave a choice; nothing where the release has
  // none like it.
  const Migration* of(const AppliedRow& row) const {
    const bool has_name = row.name && !row.name->empty();
    if (has_name) {
      if (const auto* found = find(by_name_, *row.name, row.hash)) return found;
    }
    if (layout_ == Layout::sql) return nullptr;
    if (const auto* found = find(by_time_, row.created_at, row.hash)) return found;
    // The same file under the name that the other layout gives it.
    const Migration* same_second = find(by_second_, row.created_at / kSecond, row.hash);
    if (same_second != nullptr && (!has_name || same_second->hash.hex() == row.hash)) {
      return same_second;
    }
    return has_name ? nullptr : find(by_hash_, row.hash, row.hash);
  }

 private:
  template <typename Key>
  using Index = std::map<Key, std::vector<std::pair<std::string, const Migration*>>>;

  // The first with this key, or the first of those that has the hash too.
  template <typename Key>
  static const Migration* find(const Index<Key>& index, const Key& key, const std::string& hash) {
    const auto found = index.find(key);
    if (found == index.end()) return nullptr;
    for (const auto& [text, migration] : found->second) {
      if (text == hash) return migration;
    }
    return found->second.front().second;
  }

  Layout layout_;
  Index<std::string> by_name_;
  Index<std::int64_t> by_time_;
  Index<std::int64_t> by_second_;
  Index<std::string> by_hash_;
};

// The digest of a text with each end of a line as `end` has it. A carriage return alone is no end
// of a line, and stays.
Digest with_line_ends(const SqlText& text, std::string_view end) {
  const std::unique_ptr<Source> source = text.open();
  std::array<char, 65536> buffer{};
  Hasher hasher;
  bool is_waiting = false;  // a carriage return, for what follows it
  while (const std::size_t count = source->read(buffer)) {
    std::string changed;
    changed.reserve(2 * count);
    for (const char c : std::string_view(buffer.data(), count)) {
      if (std::exchange(is_waiting, c == '\r') && c != '\n') changed += '\r';
      if (c == '\n') {
        changed += end;
      } else if (c != '\r') {
        changed += c;
      }
    }
    hasher.update(changed);
  }
  if (is_waiting) hasher.update("\r");
  return hasher.finish();
}

// Git gives one checkout LF and another CRLF (core.autocrlf); both mean the same to a database.
bool differs_in_line_ends(const Migration& migration, const std::string& hash) {
  const auto is_hash = [&](std::string_view end) {
    return with_line_ends(migration.sql, end).hex() == hash;
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
  const Migrations migrations(set);
  for (const AppliedRow& row : applied.rows) {
    const Migration* migration = migrations.of(row);
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
  const auto newest =
      std::max_element(result.applied.begin(), result.applied.end(),
                       [](const Migration* a, const Migration* b) { return a->when < b->when; });
  for (const Migration* each : result.pending) {
    const bool is_passed = static_cast<std::size_t>(each - set.migrations.data()) < after_last ||
                           (set.layout == Layout::drizzle_0 && newest != result.applied.end() &&
                            (*newest)->when >= each->when);
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
