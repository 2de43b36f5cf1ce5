// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/databases/database.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "content/media_types.hpp"
#include "databases/exec_backup.hpp"
#include "installer/drivers/databases/backups.hpp"
#include "migrations/lint.hpp"

namespace sealift::installer {

namespace {

using migrations::Applied;
using migrations::AppliedRow;
using migrations::Comparison;
using migrations::Migration;
using migrations::MigrationSet;
using migrations::Shape;

constexpr const char* kBackup = "backup";
constexpr const char* kMigrate = "migrate";
constexpr const char* kRestore = "restore";
constexpr const char* kTakeBack = "take-back";
constexpr std::size_t kMostDown = 1U << 20;  // bytes of SQL that a journal carries
constexpr std::size_t kShownLines = 40;

// A copy of SQLite's is made whole before it is packed, and once more to be looked at.
constexpr std::uint64_t kCopiesOfSqlite = 2;

Json to_json(const Applied& applied) {
  Json rows = Json::array();
  for (const AppliedRow& row : applied.rows) {
    Json value = {{"hash", row.hash}, {"createdAt", row.created_at}};
    if (row.name) value["name"] = *row.name;
    rows.push_back(std::move(value));
  }
  const char* shape = applied.shape == Shape::missing   ? "missing"
                      : applied.shape == Shape::unnamed ? "unnamed"
                                                        : "with-name";
  return {{"shape", shape}, {"rows", std::move(rows)}};
}

Applied applied_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  const std::string shape = fields.text("shape");
  Applied applied{.shape = shape == "missing"   ? Shape::missing
                           : shape == "unnamed" ? Shape::unnamed
                                                : Shape::with_name,
                  .rows = {}};
  for (const Json& item : fields.array("rows")) {
    Fields row(item, fields.at("rows"));
    applied.rows.push_back({.hash = row.text("hash"),
                            .created_at = item.at("createdAt").get<std::int64_t>(),
                            .name = row.text_if("name")});
    row.value("createdAt");
    row.done();
  }
  fields.done();
  return applied;
}

std::string what_is(const AppliedRow& row) {
  return row.name ? printable(*row.name, 128)
                  : format("hash {}...", printable(row.hash.substr(0, 12), 12));
}

// As a shell takes it.
std::string quoted_name(const std::string& name) {
  return name.find(' ') == name.npos ? name : format("\"{}\"", name);
}

// What stands in the way of migrating from here.
void check_comparison(const Comparison& found, const std::string& database,
                      const std::string& late_ones) {
  Problems problems;
  for (const migrations::Drift& drift : found.drifted) {
    problems.add(format("{}: was applied to the database {} from other text: it has the hash {}, "
                        "the release holds {}",
                        drift.migration->file, database, printable(drift.hash, 64),
                        drift.migration->hash.hex()),
                 format("a migration that was applied is never edited: release the change as a new "
                        "one; where both mean the same: sealift-installer migrations repair BUNDLE "
                        "{} {} --reason TEXT",
                        database, quoted_name(drift.migration->name)));
  }
  for (const migrations::Drift& each : found.other_line_ends) {
    log::detail(format("{}: was applied to the database {} with other line ends",
                       each.migration->file, database));
  }
  // After a rollback of the code the database may be ahead of a release: then nothing is to do.
  const bool is_ahead = found.pending.empty() && found.drifted.empty();
  for (const AppliedRow& row : found.unknown) {
    if (is_ahead) {
      log::warning(format("the database {} is ahead of this release: it has had {}", database,
                          what_is(row)));
      continue;
    }
    problems.add(format("the database {} has had a migration that the release does not know: {}",
                        database, what_is(row)),
                 "carry a release that has it");
  }
  for (const Migration* late : found.late) {
    if (late_ones == "applied") break;
    problems.add(format("{}: is older than a migration that the database {} has had already",
                        late->file, database),
                 "drizzle-orm 0.x would pass over it: let the release say late: applied; or, where "
                 "the database has it already: sealift-installer migrations baseline");
  }
  problems.throw_if_any(Errc::incompatible);
}

std::string names_of(const std::vector<const Migration*>& migrations) {
  std::vector<std::string> names;
  names.reserve(migrations.size());
  for (const Migration* each : migrations) names.push_back(each->name);
  return joined(names);
}

// The lines of statements that PostgreSQL takes only outside of a transaction.
std::vector<std::size_t> lines_outside(const MigrationSet& set, const Migration& migration) {
  std::vector<std::size_t> lines;
  if (set.dialect == migrations::Dialect::sqlite || migration.is_baseline()) return lines;
  for (const migrations::Chunk& chunk : set.chunks(migration)) {
    each_statement(chunk.text, set.dialect, [&](const migrations::Statement& statement) {
      if (standing_of(statement, set.dialect) == migrations::Standing::outside) {
        lines.push_back(chunk.line + statement.line - 1);
      }
    });
  }
  return lines;
}

std::string_view how_far_whole(const MigrationSet& set,
                               const std::vector<const Migration*>& pending) {
  const bool is_whole = std::all_of(pending.begin(), pending.end(), [&](const Migration* each) {
    return lines_outside(set, *each).empty();
  });
  return is_whole ? "in one transaction" : "partly outside of a transaction";
}

// What a failure that comes after the migrations does to them.
std::string what_a_failure_does(const Json& data) {
  const std::string rollback = data.at("settings").at("rollback");
  if (rollback == "code-only") return "leaves the migrations in place";
  if (rollback == "forward-only") return "ends in a person's decision (rollback: forward-only)";
  return data.at("fenced").get<bool>()
             ? format("restores {}, as the fence keeps users out",
                      data.at("backup").get<std::string>())
             : format("ends in a person's decision (rollback: {}, and site.yaml has no fence)",
                      rollback);
}

// What this database must not be given.
void check_standing(const MigrationSet& set, const std::vector<const Migration*>& pending) {
  Problems problems;
  for (const migrations::Finding& finding : migrations::lint(set, pending, migrations::Span::run)) {
    if (finding.weight != migrations::Finding::Weight::fatal) continue;
    problems.add(format("{}:{}: {}", finding.file, finding.line, finding.found),
                 format("{}; where the database has it already: sealift-installer migrations "
                        "baseline BUNDLE DATABASE {} --reason TEXT",
                        finding.hint, quoted_name(finding.migration)));
  }
  problems.throw_if_any(Errc::incompatible);
}

class DatabaseDriver : public Driver {
 public:
  DatabaseDriver(std::string name, const Layout& layout, Workers& workers)
      : name_(std::move(name)), layout_(layout), workers_(workers) {}

  bool accepts(std::string_view artifact_type) const override {
    return artifact_type == media_type::kMigrations;
  }

  std::vector<Step> plan(const Wish& wish) const override {
    // A database outlives the component that migrated it.
    if (!wish.table) return {};
    const std::string database = wish.target;
    if (wish.purpose == Purpose::rollback) return plan_way_back(wish);
    const auto opened = open_database(wish.settings, scratch(), session_name(wish.number));
    const databases::Facts facts = opened->facts();
    const Applied before = opened->applied(tracking_table(wish.settings, *wish.migrations));
    const Comparison found = compare(*wish.migrations, before);
    check_comparison(found, database, wish.settings.at("late"));
    if (found.pending.empty()) return {};
    check_standing(*wish.migrations, found.pending);

    const std::string rollback = wish.settings.at("rollback");
    if (wish.fenced && (rollback == "restore" || rollback == "down")) {
      opened->check_restorable(Json::object());
    }
    Json data = change_data(wish, before);
    data["pending"] = Json::object();
    for (const Migration* each : found.pending) data["pending"][each->name] = each->hash.hex();
    const std::string_view whole = wish.settings.at("transactions") == "file"
                                       ? "in one transaction each"
                                       : how_far_whole(*wish.migrations, found.pending);
    return {backup_step(wish, facts),
            step(wish, Phase::migrate, kMigrate, std::move(data),
                 format("migrate {} {}: {}", database, whole, names_of(found.pending)))};
  }

  StepState check(const Step& step, StepIo& io) const override {
    if (step.action == kBackup) {
      const Backups backups(layout_, workers_);
      const std::vector<Backup> all = backups.list();
      const bool is_there = std::any_of(all.begin(), all.end(), [&](const Backup& each) {
        return each.name == step.data.at("backup");
      });
      return is_there ? StepState::applied : StepState::not_applied;
    }
    const auto database = database_of(step);
    return is_as_before(step, *database, io) ? StepState::not_applied : StepState::applied;
  }

  Json apply(const Step& step, StepIo& io) override {
    const auto database = database_of(step);
    if (step.action == kBackup) return back_up(step, *database, io);
    if (step.action == kMigrate) {
      migrate(step, *database, io);
    } else if (step.action == kTakeBack) {
      take_back(step, *database, io);
    } else {
      restore(step.data.at("from"), format("old_{}", number_of(step)), *database, io);
    }
    return nullptr;
  }

  // A backup stays: it is of the database as it was, and pruned as others are.
  void undo(const Step& step, const std::optional<Json>&, StepIo& io) override {
    if (step.action == kBackup) return;
    const auto database = database_of(step);
    const std::string label = format("failed_{}", number_of(step));
    database->finish_restore(label);
    if (is_as_before(step, *database, io)) return;
    const std::string backup = step.data.at("backup");
    const std::string rollback = step.data.at("settings").at("rollback");
    const bool is_named = rollback == "restore" || rollback == "down" || step.action != kMigrate;
    const bool is_safe = io.writes == Writes::kept_by_fence && step.data.at("fenced").get<bool>();
    if (io.writes == Writes::given_up || (is_named && is_safe)) {
      log::warning(format("the database {} is restored from {}", step.target, backup));
      restore(backup, label, *database, io);
      return;
    }
    if (step.action == kMigrate && rollback == "code-only") {
      io.kept.push_back(what_is_kept(step, *database, io));
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

  std::vector<Difference> inspect(const Placement& placement, Thoroughness, Strangers,
                                  Content& content) const override {
    const std::unique_ptr<TreeStream> tree = content.tree(placement.component);
    const MigrationSet set = read_migrations(*tree, placement.settings);
    const auto database = open_database(placement.settings, scratch(), session_name(0));
    const Comparison found =
        compare(set, database->applied(tracking_table(placement.settings, set)));
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
  fs::path scratch() const { return Backups(layout_, workers_).folder(); }

  static std::uint64_t number_of(const Step& step) { return step.data.at("transaction"); }

  std::unique_ptr<databases::Database> database_of(const Step& step) const {
    return open_database(step.data.at("settings"), scratch(), session_name(number_of(step)));
  }

  // Once whatever a dead installer left running has ended.
  static bool is_as_before(const Step& step, databases::Database& database, StepIo& io) {
    database.end_leftovers();
    const migrations::TrackingTable table =
        tracking_table(step.data.at("settings"), set_of(step, io));
    return database.applied(table) == applied_from_json(step.data.at("before"), step.id);
  }

  // What a release that says rollback: code-only leaves in the database.
  static std::string what_is_kept(const Step& step, databases::Database& database, StepIo& io) {
    const migrations::TrackingTable table =
        tracking_table(step.data.at("settings"), set_of(step, io));
    const Applied before = applied_from_json(step.data.at("before"), step.id);
    const std::size_t now = database.applied(table).rows.size();
    const std::size_t count = now - std::min(now, before.rows.size());
    return format("the database {} keeps {} migration{} of {} (rollback: code-only)", step.target,
                  count, count == 1 ? "" : "s",
                  step.data.at("author").at("release").get<std::string>());
  }

  Json change_data(const Wish& wish, const Applied& before) const {
    return {{"backup", backup_name(wish)},
            {"before", to_json(before)},
            {"transaction", wish.number},
            {"author",
             {{"release", wish.author.release},
              {"digest", wish.author.digest},
              {"actor", wish.author.actor}}},
            {"made", to_text(wish.now)},
            {"fenced", wish.fenced},
            {"settings", wish.settings}};
  }

  static std::string backup_name(const Wish& wish) {
    return format("{}-{}", wish.target, wish.number);
  }

  Step backup_step(const Wish& wish, const databases::Facts& facts) const {
    Json data = {{"backup", backup_name(wish)},
                 {"server", facts.server},
                 {"version", wish.before ? Json(wish.version_before) : Json("")},
                 {"made", to_text(wish.now)},
                 {"transaction", wish.number},
                 {"settings", wish.settings}};
    // What programs of the site write may be no more than a name.
    if (!wish.settings.contains("backup")) {
      const std::uint64_t copies = name_ == "sqlite" ? 1 + kCopiesOfSqlite : 1;
      data["space"] = {{"path", layout_.backups().string()}, {"bytes", facts.bytes * copies}};
    }
    return step(wish, Phase::fence, kBackup, std::move(data),
                format("back up {} ({}, {} bytes) as {}, and verify it", wish.target, facts.server,
                       facts.bytes, backup_name(wish)));
  }

  static MigrationSet set_of(const Step& step, StepIo& io) {
    const std::unique_ptr<TreeStream> tree = io.content.tree(step.component);
    return read_migrations(*tree, step.data.at("settings"));
  }

  // A database stays as it is unless it is named; and where the release says that the one before
  // cannot run on it, that has to be named too.
  std::vector<Step> plan_way_back(const Wish& wish) const {
    if (!wish.before || wish.before->table == *wish.table) return {};
    if (wish.way_back.way == WayBack::restore) return plan_restore(wish);
    if (wish.way_back.way == WayBack::down) return plan_down(wish);
    const std::vector<std::string>& named = wish.way_back.past;
    Problems problems;
    const auto passed = wish.way_back.passed.find(wish.path);
    if (passed == wish.way_back.passed.end()) return {};
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
                        wish.version_before));
    return {};
  }

  std::vector<Step> plan_restore(const Wish& wish) const {
    const auto opened = open_database(wish.settings, scratch(), session_name(wish.number));
    // What the first transaction after that revision found.
    std::optional<Backup> from;
    for (Backup& each : Backups(layout_, workers_).list()) {
      if (each.database != wish.target || each.transaction <= wish.way_back.since) continue;
      if (!from || each.transaction < from->transaction) from = std::move(each);
    }
    if (!from) {
      throw Error(Errc::incompatible,
                  format("no backup of the database {} was made since revision {}", wish.target,
                         wish.way_back.since),
                  "see: sealift-installer backup list, and backup restore");
    }
    opened->check_restorable(from->about);
    Json data = change_data(wish, opened->applied(tracking_table(wish.settings, *wish.migrations)));
    data["from"] = from->name;
    return {backup_step(wish, opened->facts()),
            step(wish, Phase::migrate, kRestore, std::move(data),
                 format("restore {} from {}, made {}; everything written after the backup is lost",
                        wish.target, from->name, to_text(from->made)))};
  }

  std::vector<Step> plan_down(const Wish& wish) const {
    const auto standing = wish.way_back.standing.find(wish.path);
    if (standing == wish.way_back.standing.end()) return {};
    const auto opened = open_database(wish.settings, scratch(), session_name(wish.number));
    const MigrationSet& now = *standing->second;
    const Applied before = opened->applied(tracking_table(wish.settings, now));
    const Comparison found = compare(now, before);
    check_comparison(found, wish.target, wish.settings.at("late"));
    const MigrationSet down = migrations::ways_down(now);
    Json ways = Json::array();
    std::vector<const Migration*> taken;
    std::size_t bytes = 0;
    Problems problems;
    for (auto each = found.applied.rbegin(); each != found.applied.rend(); ++each) {
      const auto same = [&](const Migration& other) { return other.name == (*each)->name; };
      const auto& kept = wish.migrations->migrations;
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
          {{"name", way->name},
           {"sql", way->sql},
           {"hash", other == found.other_line_ends.end() ? way->hash.hex() : other->hash}});
    }
    if (bytes > kMostDown) {
      problems.add(format("found {} bytes of SQL that takes migrations back, expected at most {}",
                          bytes, kMostDown));
    }
    problems.throw_if_any(Errc::incompatible);
    if (taken.empty()) return {};
    check_standing(down, taken);
    Json data = change_data(wish, before);
    data["ways"] = std::move(ways);
    return {backup_step(wish, opened->facts()),
            step(wish, Phase::migrate, kTakeBack, std::move(data),
                 format("take back in {}: {}", wish.target, names_of(taken)))};
  }

  void restore(const std::string& name, const std::string& label, databases::Database& database,
               StepIo& io) const {
    if (database.finish_restore(label)) return;
    const Backups backups(layout_, workers_);
    backups.restore(backups.find(name), database, label, io.progress);
  }

  static void take_back(const Step& step, databases::Database& database, StepIo& io) {
    const MigrationSet standing = set_of(step, io);
    MigrationSet down{.layout = standing.layout, .dialect = standing.dialect, .migrations = {}};
    for (const Json& way : step.data.at("ways")) {
      const std::string name = way.at("name");
      down.migrations.push_back(
          {.name = name,
           .file = name + ".down.sql",
           .sql = way.at("sql"),
           .hash = Digest::parse(format("sha256:{}", way.at("hash").get<std::string>()))});
    }
    databases::Run run = run_of(step, down);
    run.mode = databases::Mode::take_back;
    for (const Migration& each : down.migrations) run.pending.push_back(&each);
    database.migrate(run);
  }

  static databases::Run run_of(const Step& step, const MigrationSet& set) {
    const Json& author = step.data.at("author");
    const Json& settings = step.data.at("settings");
    return {.set = set,
            .pending = {},
            .table = tracking_table(settings, set),
            .before = applied_from_json(step.data.at("before"), step.id),
            .author = {.transaction = number_of(step),
                       .release = author.at("release"),
                       .digest = author.at("digest"),
                       .actor = author.at("actor")},
            .now = parse_time(step.data.at("made").get<std::string>()),
            .mode = databases::Mode::apply,
            .grouping = settings.at("transactions") == "file" ? databases::Grouping::file
                                                              : databases::Grouping::run,
            .foreign_keys = foreign_keys(settings)};
  }

  Json back_up(const Step& step, databases::Database& database, StepIo& io) const {
    const Backups backups(layout_, workers_);
    Backup wanted{.name = step.data.at("backup"),
                  .database = step.target,
                  .driver = name_,
                  .server = step.data.at("server"),
                  .made = parse_time(step.data.at("made").get<std::string>()),
                  .transaction = step.data.at("transaction"),
                  .version = step.data.at("version"),
                  .digest = Digest::of("")};
    encrypt_as(step.data.at("settings"), wanted);
    const Backup made = backups.create(database, std::move(wanted), io.progress);
    backups.verify(made, database, io.progress);
    return installer::to_json(made);
  }

  static void migrate(const Step& step, databases::Database& database, StepIo& io) {
    const MigrationSet set = set_of(step, io);
    databases::Run run = run_of(step, set);
    const Json& hashes = step.data.at("pending");
    for (const Migration& each : set.migrations) {
      if (hashes.contains(each.name)) run.pending.push_back(&each);
    }
    database.migrate(run);
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

Json database_settings(const std::string& name, const release::Site& site,
                       const release::CarriedMigrations& carried) {
  const release::DatabaseEntry& entry = site.databases.at(name);
  Json settings = {{"database", name},
                   {"driver", entry.driver},
                   {"lockTimeout", entry.lock_timeout},
                   {"lockAttempts", entry.lock_attempts},
                   {"statementTimeout", entry.statement_timeout},
                   {"format", carried.format},
                   {"dialect", carried.dialect},
                   {"transactions", carried.transactions},
                   {"late", carried.late},
                   {"rollback", carried.rollback},
                   {"foreignKeys", carried.foreign_keys},
                   {"schema", carried.schema},
                   {"table", carried.table}};
  settings["encryptTo"] = site.encrypt_to ? Json(*site.encrypt_to) : Json();
  if (entry.backup) {
    settings["backup"] = {{"create", entry.backup->create},
                          {"verify", entry.backup->verify},
                          {"restore", entry.backup->restore}};
  }
  if (entry.driver == "sqlite") {
    settings["path"] = entry.path;
  } else {
    settings["url"] = entry.url;
    settings["tools"] = entry.tools;
    settings["passwordFile"] = entry.password_file;
  }
  return settings;
}

namespace {

std::unique_ptr<databases::Database> open_plain(const Json& settings, const fs::path& scratch,
                                                const std::string& session) {
  const databases::Patience patience{
      .lock = std::chrono::seconds(settings.at("lockTimeout").get<unsigned>()),
      .attempts = settings.at("lockAttempts"),
      .statement = std::chrono::seconds(settings.at("statementTimeout").get<unsigned>())};
  if (settings.at("driver") == "sqlite") {
    return databases::open_sqlite(settings.at("path").get<std::string>(), scratch, patience);
  }
  return databases::open_postgresql(
      {.url = settings.at("url"),
       .tools = settings.at("tools"),
       .password_file = settings.at("passwordFile"),
       .dumped_by = settings.contains("backup") ? databases::DumpedBy::others
                                                : databases::DumpedBy::pg_dump},
      session, patience);
}

}  // namespace

std::unique_ptr<databases::Database> open_database(const Json& settings, const fs::path& scratch,
                                                   const std::string& session) {
  auto database = open_plain(settings, scratch, session);
  const auto backup = settings.find("backup");
  if (backup == settings.end()) return database;
  return databases::with_backups_by({.database = settings.at("database"),
                                     .create = backup->at("create"),
                                     .verify = backup->at("verify"),
                                     .restore = backup->at("restore")},
                                    std::move(database));
}

void encrypt_as(const Json& settings, Backup& backup) {
  const Json& recipients = settings.at("encryptTo");
  if (recipients.is_null()) return;
  encrypt_to(recipients.get<std::vector<std::string>>(), backup);
}

std::string session_name(std::uint64_t transaction) {
  return transaction == 0 ? "sealift" : format("sealift/{}", transaction);
}

MigrationSet read_migrations(TreeStream& tree, const Json& settings) {
  migrations::SourceFiles files;
  std::string buffer(64 * 1024, '\0');
  while (const std::optional<release::FileEntry> entry = tree.next()) {
    if (entry->type != EntryType::file) continue;
    std::string content;
    while (const std::size_t count = tree.read(buffer)) {
      content.append(buffer, 0, count);
      if (content.size() > migrations::kMaxMigrationBytes) break;
    }
    if (content.size() > entry->size || Digest::of(content) != *entry->digest) {
      throw Error(Errc::corrupt,
                  format("{}: content is not what the file table says", entry->path.str()));
    }
    files.emplace(entry->path.str(), std::move(content));
  }
  Problems problems;
  MigrationSet set = settings.at("format") == "drizzle"
                         ? migrations::read_drizzle(files, problems)
                         : migrations::read_sql(files,
                                                settings.at("dialect") == "sqlite"
                                                    ? migrations::Dialect::sqlite
                                                    : migrations::Dialect::postgresql,
                                                problems);
  problems.throw_if_any(Errc::invalid_input);
  return set;
}

databases::ForeignKeys foreign_keys(const Json& settings) {
  // Plans of before this key have none.
  return settings.value("foreignKeys", "off") == "on" ? databases::ForeignKeys::followed
                                                      : databases::ForeignKeys::ignored;
}

bool is_of_database(const Placement& placement) {
  return placement.path.starts_with("database:");
}

migrations::TrackingTable tracking_table(const Json& settings, const MigrationSet& set) {
  migrations::TrackingTable table = migrations::usual_table(set.layout, set.dialect);
  if (const std::string schema = settings.at("schema"); !schema.empty()) table.schema = schema;
  if (const std::string name = settings.at("table"); !name.empty()) table.name = name;
  return table;
}

namespace {

// The first lines of some SQL, as people see it.
void show_sql(std::string_view sql, std::vector<std::string>& lines) {
  std::size_t shown = 0;
  for (; !sql.empty() && shown < kShownLines; ++shown) {
    const std::size_t end = std::min(sql.find('\n'), sql.size());
    std::string line;
    for (const char c : sql.substr(0, end)) line += c == '\t' ? "    " : std::string(1, c);
    lines.push_back(format("  | {}", printable(line, 400)));
    sql.remove_prefix(std::min(end + 1, sql.size()));
  }
  const auto left = std::count(sql.begin(), sql.end(), '\n') + (sql.empty() ? 0 : 1);
  if (left > 0) lines.push_back(format("  | ... and {} more lines", left));
}

// Of a step that goes back on purpose.
std::vector<std::string> describe_way_back(const Step& step) {
  std::vector<std::string> lines;
  if (step.action == kTakeBack) {
    for (const Json& way : step.data.at("ways")) {
      lines.push_back(way.at("name").get<std::string>() + ".down.sql");
      show_sql(way.at("sql").get<std::string>(), lines);
    }
  }
  lines.push_back(format(
      "a failure while {} goes back changes nothing; a later one {}", step.target,
      step.data.at("fenced").get<bool>() ? format("restores {}, as the fence keeps users out",
                                                  step.data.at("backup").get<std::string>())
                                         : "ends in a person's decision (site.yaml has no fence)"));
  return lines;
}

}  // namespace

std::vector<std::string> describe_migrations(const Step& step, const MigrationSet& set) {
  std::vector<std::string> lines;
  if (step.action == kBackup) return lines;
  if (step.action != kMigrate) return describe_way_back(step);
  std::vector<const Migration*> pending;
  for (const Migration& each : set.migrations) {
    if (step.data.at("pending").contains(each.name)) pending.push_back(&each);
  }
  const std::string transactions = step.data.at("settings").at("transactions");
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
  is_whole = is_whole && step.data.at("settings").at("transactions") == "run";
  lines.push_back(format("a failure while it migrates {}; a later one {}",
                         is_whole ? std::string("changes nothing")
                                  : format("keeps what was committed before it, and {}",
                                           what_a_failure_does(step.data)),
                         what_a_failure_does(step.data)));
  return lines;
}

}  // namespace sealift::installer
