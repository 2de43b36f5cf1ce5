// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/databases/database_run.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "installer/drivers/databases/database_access.hpp"

namespace sealift::installer {

using migrations::Applied;
using migrations::AppliedRow;
using migrations::Comparison;
using migrations::Migration;
using migrations::MigrationSet;

namespace {

// Whether the database has come from what it had before to what it has now by this step alone. Rows
// that came or went in another way mean that somebody else migrated meanwhile: then `before` stays
// what it was, and the run is refused (Run::before).
bool is_by_this_step(const DatabaseChange& change, const Applied& now) {
  const auto apart = std::mismatch(change.before.rows.begin(), change.before.rows.end(),
                                   now.rows.begin(), now.rows.end());
  const auto before = apart.first;
  const auto since = apart.second;
  const bool adds_ours = std::all_of(since, now.rows.end(), [&](const AppliedRow& row) {
    return std::find(before, change.before.rows.end(), row) != change.before.rows.end() ||
           (change.pending &&
            std::any_of(change.pending->begin(), change.pending->end(),
                        [&](const auto& each) { return each.second == row.hash; }));
  });
  const bool takes_ours = std::all_of(before, change.before.rows.end(), [&](const AppliedRow& row) {
    return std::find(since, now.rows.end(), row) != now.rows.end() ||
           (change.ways && std::any_of(change.ways->begin(), change.ways->end(),
                                       [&](const WayDown& way) { return way.hash == row.hash; }));
  });
  return adds_ours && takes_ours;
}

}  // namespace

MigrationSet set_of(const Step& step, const DatabaseChange& change, StepIo& io) {
  return read_migrations(io.content, step.component, change.settings);
}

// Migrations that are taken back have the names and hashes of the rows that go.
MigrationSet asked_for(const Step& step, const DatabaseChange& change, StepIo& io) {
  MigrationSet set = set_of(step, change, io);
  if (step.action != kTakeBack) return set;
  set.migrations.clear();
  for (const WayDown& way : change.ways.value()) {
    set.migrations.push_back({.name = way.name,
                              .file = way.name + ".down.sql",
                              .sql = way.sql,
                              .hash = Digest::parse(format("sha256:{}", way.hash))});
  }
  return set;
}

// Only what the plan named is run, though the release may hold more that was applied by hand since.
databases::Run what_is_left(const DatabaseChange& change, const MigrationSet& set,
                            databases::Database& database) {
  databases::Run run{.set = set,
                     .pending = {},
                     .table = tracking_table(change.settings, set),
                     .before = change.before,
                     .author = change.author,
                     .now = change.made,
                     .mode = change.ways ? databases::Mode::take_back : databases::Mode::apply,
                     .grouping = change.settings.transactions == "file" ? databases::Grouping::file
                                                                        : databases::Grouping::run,
                     .foreign_keys = foreign_keys(change.settings)};
  Applied now = database.applied(run.table);
  Comparison found = compare(set, now);
  run.pending = std::move(change.ways ? found.applied : found.pending);
  if (change.pending) {
    std::erase_if(run.pending,
                  [&](const Migration* each) { return !change.pending->contains(each->name); });
  }
  if (is_by_this_step(change, now)) run.before = std::move(now);
  return run;
}

}  // namespace sealift::installer
