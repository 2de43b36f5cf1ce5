// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/commands/commands.hpp"
#include "installer/content/given_bundle.hpp"
#include "installer/drivers/databases/backups.hpp"
#include "installer/drivers/databases/database_access.hpp"
#include "installer/operations/kept_revisions.hpp"
#include "installer/planning/placing.hpp"
#include "installer/planning/requirements.hpp"
#include "installer/session/changing.hpp"

namespace sealift::installer {

namespace {

using migrations::Comparison;
using migrations::Migration;

struct Row {
  std::string database;
  std::string migration;
  std::string state;
};

std::vector<Row> rows_of(const Placement& placement, Content& content, const fs::path& scratch) {
  const DatabaseSettings settings = database_settings_of(placement);
  const migrations::MigrationSet set = read_migrations(content, placement.component, settings);
  const auto database = open_database(settings, scratch, session_name(0));
  const Comparison found = compare(set, database->applied(tracking_table(settings, set)));
  std::vector<Row> rows;
  for (const Migration& migration : set.migrations) {
    std::string state = "pending";
    for (const Migration* each : found.applied) {
      if (each == &migration) state = "applied";
    }
    for (const Migration* each : found.late) {
      if (each == &migration) state = "passed over: a later one is applied";
    }
    for (const migrations::Drift& each : found.drifted) {
      if (each.migration == &migration) state = "applied from other text";
    }
    rows.push_back({placement.target, migration.name, std::move(state)});
  }
  for (const migrations::AppliedRow& row : found.unknown) {
    rows.push_back({placement.target, row.name.value_or(row.hash.substr(0, 12)),
                    "applied, not of this release"});
  }
  return rows;
}

void status(const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  const Tools& tools = work.tools();
  const State state = work.state();
  const Backups backups(tools.installation.layout, tools.workers);
  std::vector<std::vector<std::string>> table = {{"DATABASE", "MIGRATION", "STATE"}};
  Json list = Json::array();
  if (const Revision* now = state.current()) {
    SiteContent content = content_of(tools, *now);
    for (const Placement& placement : now->placements) {
      if (!placement.path.starts_with("database:")) continue;
      for (const Row& row : rows_of(placement, content, backups.folder())) {
        table.push_back({row.database, printable(row.migration, 128), row.state});
        list.push_back(
            {{"database", row.database}, {"migration", row.migration}, {"state", row.state}});
        if (row.state != "applied") session.status = cli::kDiffers;
      }
    }
  }
  session.out.table(table);
  session.out.json(list);
}

struct MigrationsOptions {
  std::string bundle;
  std::string database;
  std::string migration;
  ChangeOptions change;
};

// A migration of a bundle, and the database that it is about.
struct Subject {
  migrations::MigrationSet set;
  const Migration* migration;
  std::unique_ptr<databases::Database> database;
  migrations::TrackingTable table;
  migrations::Applied applied;
};

Subject subject_of(const MigrationsOptions& options, const SiteWork& work, cli::Session& session) {
  const Tools& tools = work.tools();
  const bundle::Trust trust = tools.trust();
  const std::shared_ptr<bundle::Medium> medium =
      open_given(tools.installation.layout, {options.bundle});
  const bundle::VerifiedBundle verified = bundle::verify_confined(*medium, trust, session.progress);
  const bundle::Contents& contents = verified.contents();
  check_requirements(contents, tools.installation, work.state(), Floor::kept);
  SiteContent content(tools.installation.layout, medium, contents.digest(), {}, tools.workers);
  const Backups backups(tools.installation.layout, tools.workers);
  for (const Placement& placement : migrations_on(contents, tools.installation.site)) {
    if (placement.target != options.database) continue;
    const DatabaseSettings settings = database_settings_of(placement);
    Subject subject{.set = read_migrations(content, placement.component, settings),
                    .migration = nullptr,
                    .database = open_database(settings, backups.folder(), session_name(0)),
                    .table = {},
                    .applied = {}};
    for (const Migration& each : subject.set.migrations) {
      if (each.name == options.migration) subject.migration = &each;
    }
    if (subject.migration == nullptr) {
      throw Error(Errc::usage, format("the release has no migration {} for the database {}",
                                      printable(options.migration, 128), options.database));
    }
    subject.table = tracking_table(settings, subject.set);
    subject.applied = subject.database->applied(subject.table);
    return subject;
  }
  throw Error(Errc::usage, format("the release has no migrations for a database \"{}\"",
                                  printable(options.database, 80)));
}

Json evidence_of_migrations(const MigrationsOptions& options, const Subject& subject) {
  return {{"database", options.database},
          {"migration", options.migration},
          {"hash", subject.migration->hash.hex()},
          {"reason", printable(options.change.reason, 1024)}};
}

void baseline(const MigrationsOptions& options, SiteWork& work, const Subject& subject,
              cli::Session& session) {
  databases::Run run{
      .set = subject.set,
      .pending = {},
      .table = subject.table,
      .before = subject.applied,
      .author = {.transaction = 0, .release = "baseline", .digest = {}, .actor = acting_user()},
      .now = session.clock.now(),
      .mode = databases::Mode::record};
  for (const Migration* each : compare(subject.set, subject.applied).pending) {
    if (each > subject.migration) break;
    run.pending.push_back(each);
  }
  session.out.line("these are there already and will be recorded, not run:");
  Json names = Json::array();
  for (const Migration* each : run.pending) {
    session.out.line(format("  {}", each->name));
    names.push_back(each->name);
  }
  if (run.pending.empty() || !work.agreed(options.change, "record them?")) return;
  subject.database->migrate(run);
  Json known = evidence_of_migrations(options, subject);
  known["recorded"] = names;
  work.tools().audit().append("baseline", std::move(known));
  session.out.line("recorded");
  session.out.json({{"recorded", std::move(names)}});
}

void accept_edits(const MigrationsOptions& options, SiteWork& work, const Subject& subject,
                  cli::Session& session) {
  const Comparison found = compare(subject.set, subject.applied);
  std::vector<migrations::Drift> others = found.drifted;
  others.insert(others.end(), found.other_line_ends.begin(), found.other_line_ends.end());
  for (const migrations::Drift& drift : others) {
    if (drift.migration != subject.migration) continue;
    session.out.line(format("{}: applied with the hash {}, the release holds {}", options.migration,
                            printable(drift.hash, 64), drift.migration->hash.hex()));
    if (!work.agreed(options.change, "say that both are the same?")) return;
    const auto row =
        std::find_if(subject.applied.rows.begin(), subject.applied.rows.end(),
                     [&](const migrations::AppliedRow& each) { return each.hash == drift.hash; });
    subject.database->rehash(subject.table, *row, drift.migration->hash.hex());
    Json known = evidence_of_migrations(options, subject);
    known["before"] = printable(drift.hash, 64);
    work.tools().audit().append("repaired", std::move(known));
    session.out.line("repaired");
    session.out.json({{"repaired", options.migration}, {"before", drift.hash}});
    return;
  }
  session.out.line(format("{} has not drifted; nothing was changed", options.migration));
  session.out.json({{"repaired", nullptr}});
}

}  // namespace

void add_migrations(cli::Command& program, const std::string& site) {
  cli::Command migrations = program.sub(
      "migrations", "show and record which migrations the databases of this site have had");
  migrations.example("sealift-installer migrations status", "each migration of the current release")
      .fails_with({});
  migrations.sub("status", "show each migration of the current release, and whether it is applied")
      .example("sealift-installer migrations status",
               "exit with 20 where one is not as the release has it")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::io},
                  {{"20", "something is not as the release has it"}})
      .runs([&site](cli::Session& session) { status(site, session); });
  auto& options = cli::make_options<MigrationsOptions>();
  const auto add = [&](const char* word, const char* purpose, const char* meaning, auto act) {
    cli::Command command = migrations.sub(word, purpose);
    add_change_options(command, options.change);
    command
        .example(format("sealift-installer migrations {} a.bundle.tar.zst main 0003_orders", word),
                 meaning)
        .argument("BUNDLE", options.bundle, "the bundle that has the migration",
                  cli::Presence::required)
        .argument("DATABASE", options.database, "its name in site.yaml", cli::Presence::required)
        .argument("MIGRATION", options.migration, "its name, such as 0003_orders",
                  cli::Presence::required)
        .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::incompatible,
                     Errc::busy, Errc::io, Errc::target_failed, Errc::needs_operator})
        .runs([&options, &site, word, act](cli::Session& session) {
          SiteWork work(session, site);
          work.lock_and_settle(format("migrations {}", word), options.change);
          if (options.change.reason.empty()) {
            throw Error(Errc::usage, "a reason is missing", "say why: --reason TEXT");
          }
          act(options, work, subject_of(options, work, session), session);
        });
  };
  add("baseline", "record migrations up to one as applied, which the database has already",
      "everything up to 0003_orders is there", baseline);
  add("repair", "accept that an applied migration was edited, with a reason",
      "the file of 0003_orders was edited, its effect was not", accept_edits);
}

}  // namespace sealift::installer
