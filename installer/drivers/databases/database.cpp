// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/databases/database.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "content/media_types.hpp"
#include "installer/drivers/databases/backups.hpp"
#include "installer/drivers/databases/database_access.hpp"
#include "installer/drivers/databases/database_run.hpp"
#include "installer/drivers/databases/database_step.hpp"
#include "installer/drivers/databases/database_wish.hpp"
#include "installer/drivers/databases/description.hpp"
#include "installer/drivers/databases/obstacles.hpp"

namespace sealift::installer {

namespace {

using migrations::Applied;
using migrations::AppliedRow;
using migrations::Comparison;
using migrations::Migration;
using migrations::MigrationSet;

constexpr std::size_t kMostDown = 1U << 20;  // bytes of SQL that a journal carries

// A copy of SQLite's is made whole before it is packed, and once more to be looked at.
constexpr std::uint64_t kCopiesOfSqlite = 2;

std::string names_of(const std::vector<const Migration*>& migrations) {
  std::vector<std::string> names;
  names.reserve(migrations.size());
  for (const Migration* each : migrations) names.push_back(each->name);
  return joined(names);
}

// What a failure leaves behind, said before anybody agrees: a statement outside of a transaction
// cannot be taken back with the others.
std::string_view how_far_whole(const MigrationSet& set,
                               const std::vector<const Migration*>& pending) {
  const bool is_whole = std::all_of(pending.begin(), pending.end(), [&](const Migration* each) {
    return lines_outside(set, *each).empty();
  });
  return is_whole ? "in one transaction" : "partly outside of a transaction";
}

class DatabaseDriver : public Driver {
 public:
  DatabaseDriver(std::string name, const Layout& layout, Workers& workers)
      : name_(std::move(name)), layout_(layout), workers_(workers) {}

  bool accepts(std::string_view artifact_type) const override {
    return artifact_type == media_type::kMigrations;
  }

  // The plan is made from what the database says now, never from what the site remembers: a
  // database may have been restored or migrated by hand. A plan without pending migrations has no
  // backup either.
  std::vector<Step> plan(const Wish& wish) const override {
    // A database outlives the component that migrated it.
    if (!wish.table) return {};
    const std::string database = wish.target;
    if (wish.purpose == Purpose::rollback) return plan_way_back(wish);
    const DatabaseWish& asked = asked_of(wish);
    const DatabaseSettings settings = settings_of(wish);
    const auto opened = open_database(settings, scratch(), session_name(wish.number));
    const databases::Facts facts = opened->facts();
    const Applied before = opened->applied(tracking_table(settings, *asked.migrations));
    const Comparison found = compare(*asked.migrations, before);
    check_comparison(found, database, settings.late);
    if (found.pending.empty()) return {};
    check_statements(*asked.migrations, found.pending);

    if (asked.fenced && (settings.rollback == "restore" || settings.rollback == "down")) {
      opened->check_restorable(Json::object());
    }
    DatabaseChange change = change_of(wish, settings, before);
    change.pending.emplace();
    for (const Migration* each : found.pending) {
      change.pending->emplace(each->name, each->hash.hex());
    }
    const std::string_view whole = settings.transactions == "file"
                                       ? "in one transaction each"
                                       : how_far_whole(*asked.migrations, found.pending);
    return {backup_step(wish, settings, facts),
            step(wish, Phase::migrate, kMigrate, to_json(change),
                 format("migrate {} {}: {}", database, whole, names_of(found.pending)))};
  }

  StepState check(const Step& step, StepIo& io) const override {
    if (step.action == kBackup) {
      return Backups(layout_, workers_).has(backup_step_from_json(step).backup)
                 ? StepState::applied
                 : StepState::not_applied;
    }
    const DatabaseChange change = database_change_from_json(step);
    const auto database = database_of(change);
    if (step.action == kRestore) {
      return is_as_before(step, change, *database, io) ? StepState::not_applied
                                                       : StepState::applied;
    }
    // What an attempt that was cut off has committed stays: apply() goes on behind it.
    database->end_leftovers();
    const MigrationSet set = asked_for(step, change, io);
    return what_is_left(change, set, *database).pending.empty() ? StepState::applied
                                                                : StepState::not_applied;
  }

  // May be called again after a crash: what was committed is not run twice, and a restore that was
  // cut off is finished.
  Json apply(const Step& step, StepIo& io) override {
    if (step.action == kBackup) return back_up(step, io);
    const DatabaseChange change = database_change_from_json(step);
    const auto database = database_of(change);
    if (step.action == kRestore) {
      restore(change.from.value(), format("old_{}", change.author.transaction), *database, io);
      return nullptr;
    }
    const MigrationSet set = asked_for(step, change, io);
    const databases::Run run = what_is_left(change, set, *database);
    if (!run.pending.empty()) database->migrate(run);
    return nullptr;
  }

  // A backup stays: it is of the database as it was, and pruned as others are.
  void undo(const Step& step, const std::optional<Json>&, StepIo& io) override {
    if (step.action == kBackup) return;
    const DatabaseChange change = database_change_from_json(step);
    const auto database = database_of(change);
    const std::string label = format("failed_{}", change.author.transaction);
    database->finish_restore(label);
    if (is_as_before(step, change, *database, io)) return;
    const std::string& backup = change.backup;
    const std::string& rollback = change.settings.rollback;
    const bool is_named = rollback == "restore" || rollback == "down" || step.action != kMigrate;
    // Once writers may run again, nobody knows what they have written.
    const bool is_open = change.fenced_until_activate && io.furthest >= Phase::activate;
    const bool is_safe = io.writes == Writes::kept_by_fence && change.fenced && !is_open;
    if (io.writes == Writes::given_up || (is_named && is_safe)) {
      log::warning(format("the database {} is restored from {}", step.target, backup));
      restore(backup, label, *database, io);
      return;
    }
    if (step.action == kMigrate && rollback == "code-only") {
      io.kept.push_back(what_is_kept(step, change, *database, io));
      return;
    }
    throw Error(
        Errc::target_failed,
        step.action == kMigrate
            ? format("the database {} has been migrated, and the release says rollback: {}",
                     step.target, rollback)
            : format("the database {} has been changed, and others may have written to it since",
                     step.target),
        format("go on with: sealift-installer recover --forward; or lose everything written after "
               "{} was made: sealift-installer recover --restore-database --reason TEXT; or repair "
               "the database by hand",
               backup));
  }

  // Only the list of what was applied is compared. The schema itself may have been changed by hand,
  // and nothing here would see it.
  std::vector<Difference> inspect(const Placement& placement, Thoroughness, Strangers,
                                  Content& content) const override {
    const DatabaseSettings settings = database_settings_of(placement);
    const MigrationSet set =
        read_migrations(content, placement.component, settings, migrations::Texts::known);
    const auto database = open_database(settings, scratch(), session_name(0));
    const Comparison found = compare(set, database->applied(tracking_table(settings, set)));
    std::vector<Difference> differences;
    const auto add = [&](const std::string& what, std::string_view how) {
      differences.push_back({format("{}: {}", placement.target, what), std::string(how)});
    };
    for (const Migration* each : found.pending) add(each->name, "not applied");
    for (const migrations::Drift& each : found.drifted) {
      add(each.migration->name, "applied from other text");
    }
    for (const AppliedRow& row : found.unknown) add(what_is(row), "applied, not of this release");
    return differences;
  }

  // Whether migrations are pending only the database knows: plan() asks it each time.
  bool is_current(const Placement&) const override { return false; }

  std::vector<std::string> leftovers(const release::Target&, const std::string&,
                                     const std::vector<Placement>&) const override {
    return {};
  }

  void prune(const Placement&) override {}

 private:
  // Beside the backups: a copy of the database may be as large, and the space there was asked for.
  fs::path scratch() const { return Backups(layout_, workers_).folder(); }

  // A planner that forgot it is a mistake of ours, not of the release.
  static const DatabaseWish& asked_of(const Wish& wish) {
    if (wish.database == nullptr) {
      throw Error(Errc::internal, format("{}: nothing is asked of its database", wish.component));
    }
    return *wish.database;
  }

  static DatabaseSettings settings_of(const Wish& wish) {
    return database_settings_from_json(wish.settings, format("{}: settings", wish.component));
  }

  std::unique_ptr<databases::Database> database_of(const DatabaseChange& change) const {
    return open_database(change.settings, scratch(), session_name(change.author.transaction));
  }

  // Once whatever a dead installer left running has ended.
  static bool is_as_before(const Step& step, const DatabaseChange& change,
                           databases::Database& database, StepIo& io) {
    database.end_leftovers();
    const migrations::TrackingTable table =
        tracking_table(change.settings, set_of(step, change, io));
    return database.applied(table) == change.before;
  }

  // What a release that says rollback: code-only leaves in the database.
  static std::string what_is_kept(const Step& step, const DatabaseChange& change,
                                  databases::Database& database, StepIo& io) {
    const migrations::TrackingTable table =
        tracking_table(change.settings, set_of(step, change, io));
    const std::size_t now = database.applied(table).rows.size();
    const std::size_t count = now - std::min(now, change.before.rows.size());
    return format("the database {} keeps {} migration{} of {} (rollback: code-only)", step.target,
                  count, count == 1 ? "" : "s", change.author.release);
  }

  static DatabaseChange change_of(const Wish& wish, const DatabaseSettings& settings,
                                  const Applied& before) {
    const DatabaseWish& asked = asked_of(wish);
    return {.backup = backup_name(wish),
            .before = before,
            .author = asked.author,
            .made = asked.now,
            .fenced = asked.fenced,
            .settings = settings,
            .fenced_until_activate = asked.fenced_until_activate};
  }

  // The number of the transaction makes it unique, and says for which one it was made.
  static std::string backup_name(const Wish& wish) {
    return format("{}-{}", wish.target, wish.number);
  }

  // In the phase before the migrations; where the site has a fence, users are kept out from before
  // it.
  Step backup_step(const Wish& wish, const DatabaseSettings& settings,
                   const databases::Facts& facts) const {
    const DatabaseWish& asked = asked_of(wish);
    BackupStep backup{.backup = backup_name(wish),
                      .server = facts.server,
                      .version = wish.before ? asked.version_before : "",
                      .made = asked.now,
                      .transaction = wish.number,
                      .settings = settings,
                      .space = {}};
    // What programs of the site write may be no more than a name.
    if (!settings.backup) {
      const std::uint64_t copies = name_ == "sqlite" ? 1 + kCopiesOfSqlite : 1;
      backup.space = {.path = layout_.backups().string(), .bytes = facts.bytes * copies};
    }
    return step(wish, Phase::fence, kBackup, to_json(backup),
                format("back up {} ({}, {} bytes) as {}, and verify it", wish.target, facts.server,
                       facts.bytes, backup.backup));
  }

  // A database stays as it is unless it is named; and where the release says that the one before
  // cannot run on it, that has to be named too.
  std::vector<Step> plan_way_back(const Wish& wish) const {
    if (!wish.before || wish.before->table == *wish.table) return {};
    const DatabaseWish& asked = asked_of(wish);
    if (asked.way_back.way == WayBack::restore) return plan_restore(wish);
    if (asked.way_back.way == WayBack::down) return plan_down(wish);
    const std::vector<std::string>& named = asked.way_back.past;
    Problems problems;
    const auto passed = asked.way_back.passed.find(wish.path);
    if (passed == asked.way_back.passed.end()) return {};
    for (const Passed& each : passed->second) {
      if (each.rollback == "code-only" ||
          std::find(named.begin(), named.end(), each.version) != named.end()) {
        continue;
      }
      problems.add(
          format("release {} has migrated the database {} and says rollback: {}", each.version,
                 wish.target, each.rollback),
          format(
              "{}with the database as it is: --past {}; giving up what was written since: "
              "--restore-database; or carry a newer release",
              each.rollback == "down" ? "with the files that take migrations back: --down; " : "",
              each.version));
    }
    problems.throw_if_any(Errc::incompatible);
    log::warning(format("the database {} stays as release {} has left it", wish.target,
                        asked.version_before));
    return {};
  }

  // The way back is backed up too: what is given up can still be fetched from there.
  std::vector<Step> plan_restore(const Wish& wish) const {
    const DatabaseWish& asked = asked_of(wish);
    const DatabaseSettings settings = settings_of(wish);
    const auto opened = open_database(settings, scratch(), session_name(wish.number));
    // What the first transaction after that revision found.
    std::optional<Backup> from;
    for (Backup& each : Backups(layout_, workers_).list()) {
      if (each.database != wish.target || each.transaction <= asked.way_back.since) continue;
      if (!from || each.transaction < from->transaction) from = std::move(each);
    }
    if (!from) {
      throw Error(Errc::incompatible,
                  format("no backup of the database {} was made since revision {}", wish.target,
                         asked.way_back.since),
                  "see: sealift-installer backup list, and backup restore");
    }
    opened->check_restorable(from->about);
    DatabaseChange change =
        change_of(wish, settings, opened->applied(tracking_table(settings, *asked.migrations)));
    change.from = from->name;
    return {backup_step(wish, settings, opened->facts()),
            step(wish, Phase::migrate, kRestore, to_json(change),
                 format("restore {} from {}, made {}; everything written after the backup is lost",
                        wish.target, from->name, to_text(from->made)))};
  }

  // Newest first, each with the SQL of its own that the current release carries for it, since the
  // release that one goes back to knows nothing of them. The SQL is copied into the plan, where a
  // second attempt finds it.
  std::vector<Step> plan_down(const Wish& wish) const {
    const DatabaseWish& asked = asked_of(wish);
    const auto standing = asked.way_back.standing.find(wish.path);
    if (standing == asked.way_back.standing.end()) return {};
    const DatabaseSettings settings = settings_of(wish);
    const auto opened = open_database(settings, scratch(), session_name(wish.number));
    const MigrationSet& now = *standing->second;
    const Applied before = opened->applied(tracking_table(settings, now));
    const Comparison found = compare(now, before);
    check_comparison(found, wish.target, settings.late);
    const MigrationSet down = migrations::ways_down(now);
    std::vector<WayDown> ways;
    std::vector<const Migration*> taken;
    std::size_t bytes = 0;
    Problems problems;
    for (auto each = found.applied.rbegin(); each != found.applied.rend(); ++each) {
      const auto same = [&](const Migration& other) { return other.name == (*each)->name; };
      const auto& kept = asked.migrations->migrations;
      if (std::any_of(kept.begin(), kept.end(), same)) continue;
      const auto way = std::find_if(down.migrations.begin(), down.migrations.end(), same);
      if (way == down.migrations.end()) {
        problems.add(format("{}: nothing takes it back", (*each)->file),
                     "go back with --restore-database or with the database as it is: --past");
        continue;
      }
      taken.push_back(&*way);
      bytes += way->sql.size();
      const auto other = std::find_if(
          found.other_line_ends.begin(), found.other_line_ends.end(),
          [&](const migrations::Drift& respelled) { return respelled.migration == *each; });
      ways.push_back(
          {.name = way->name,
           .sql = way->sql.whole(),
           .hash = other == found.other_line_ends.end() ? way->hash.hex() : other->hash});
    }
    if (bytes > kMostDown) {
      problems.add(format("found {} bytes of SQL that takes migrations back, expected at most {}",
                          bytes, kMostDown));
    }
    problems.throw_if_any(Errc::incompatible);
    if (taken.empty()) return {};
    check_statements(down, taken);
    DatabaseChange change = change_of(wish, settings, before);
    change.ways = std::move(ways);
    return {backup_step(wish, settings, opened->facts()),
            step(wish, Phase::migrate, kTakeBack, to_json(change),
                 format("take back in {}: {}", wish.target, names_of(taken)))};
  }

  // A restore that was cut off near its end is finished and not begun again.
  void restore(const std::string& name, const std::string& label, databases::Database& database,
               StepIo& io) const {
    if (database.finish_restore(label)) return;
    const Backups backups(layout_, workers_);
    backups.restore(backups.find(name), database, label, io.progress);
  }

  // Its result, what the backup is, goes into the journal.
  Json back_up(const Step& step, StepIo& io) const {
    const BackupStep asked = backup_step_from_json(step);
    const auto database = open_database(asked.settings, scratch(), session_name(asked.transaction));
    const Backups backups(layout_, workers_);
    Backup wanted{.name = asked.backup,
                  .database = step.target,
                  .driver = name_,
                  .server = asked.server,
                  .made = asked.made,
                  .transaction = asked.transaction,
                  .version = asked.version,
                  .digest = Digest::of("")};
    encrypt_to(asked.settings.encrypt_to, wanted);
    return to_json(backups.make(*database, std::move(wanted), io.progress));
  }

  Step step(const Wish& wish, Phase phase, const char* action, Json data,
            std::string summary) const {
    return {.id = format("{}-{}", action, wish.component),
            .phase = phase,
            .component = wish.component,
            .target = wish.target,
            .driver = name_,
            .action = action,
            .data = std::move(data),
            .summary = std::move(summary)};
  }

  std::string name_;
  Layout layout_;
  Workers& workers_;
};

}  // namespace

std::unique_ptr<Driver> database_driver(const std::string& name, const Layout& layout,
                                        Workers& workers) {
  return std::make_unique<DatabaseDriver>(name, layout, workers);
}

}  // namespace sealift::installer
