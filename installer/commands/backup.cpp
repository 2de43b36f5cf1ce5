// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/random.hpp"
#include "installer/commands/commands.hpp"
#include "installer/drivers/databases/backups.hpp"
#include "installer/drivers/databases/database_access.hpp"
#include "installer/session/changing.hpp"

namespace sealift::installer {

namespace {

struct BackupOptions {
  std::string name;  // of a database or of a backup
  bool discard = false;
  std::string drop;
  ChangeOptions change;
};

std::string stamp(Time time) {
  std::string text = to_text(time);
  std::erase_if(text, [](char c) { return c < '0' || c > '9'; });
  return text;
}

std::unique_ptr<databases::Database> database_named(const std::string& name, const SiteWork& work,
                                                    const Backups& backups) {
  const auto& all = work.installation().site.databases;
  const auto found = all.find(name);
  if (found == all.end()) {
    throw Error(Errc::usage, format("site.yaml has no database \"{}\"", printable(name, 80)));
  }
  return open_database(database_settings(name, work.installation().site, {}), backups.folder(),
                       session_name(0));
}

Backup make(const std::string& database, const SiteWork& work, const Backups& backups,
            cli::Session& session) {
  const auto opened = database_named(database, work, backups);
  const databases::Facts facts = opened->facts();
  const State state = work.state();
  const Time now = session.clock.now();
  session.progress.begin(format("backing up {}", database), facts.bytes);
  Backup wanted{.name = format("{}-{}", database, stamp(now)),
                .database = database,
                .driver = work.installation().site.databases.at(database).driver,
                .server = facts.server,
                .made = now,
                .version = state.current() == nullptr ? "" : state.current()->version,
                .digest = Digest::of("")};
  encrypt_as(database_settings(database, work.installation().site, {}), wanted);
  Backup made = backups.create(*opened, std::move(wanted), session.progress);
  backups.verify(made, *opened, session.progress);
  session.progress.end();
  work.tools().audit().append("backup", to_json(made));
  return made;
}

void show_backups(const std::vector<Backup>& backups, cli::Session& session) {
  std::vector<std::vector<std::string>> rows = {
      {"BACKUP", "DATABASE", "MADE", "RELEASE", "BYTES", "PACKED", "SERVER"}};
  Json list = Json::array();
  for (const Backup& each : backups) {
    rows.push_back({each.name, each.database, to_local_text(each.made), each.version,
                    cli::size_text(each.bytes), cli::size_text(each.packed), each.server});
    list.push_back(to_json(each));
  }
  session.out.table(rows);
  session.out.json(list);
}

void create(const BackupOptions& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  work.lock("backup create", options.change);
  const Tools& tools = work.tools();
  show_backups(
      {make(options.name, work, Backups(tools.installation.layout, tools.workers), session)},
      session);
}

void verify(const BackupOptions& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  work.lock("backup verify", options.change);
  const Tools& tools = work.tools();
  const Backups backups(tools.installation.layout, tools.workers);
  const Backup backup = backups.find(options.name);
  session.progress.begin(format("verifying {}", backup.name), backup.bytes);
  backups.verify(backup, *database_named(backup.database, work, backups), session.progress);
  session.progress.end();
  session.out.line(format("{} is whole: {}, {}", backup.name, cli::size_text(backup.bytes),
                          backup.digest.str()));
  session.out.json(to_json(backup));
}

void restore(const BackupOptions& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  work.lock("backup restore", options.change);
  const Tools& tools = work.tools();
  const Backups backups(tools.installation.layout, tools.workers);
  const Backup backup = backups.find(options.name);
  const auto database = database_named(backup.database, work, backups);
  if (options.change.reason.empty()) {
    throw Error(Errc::usage, "backup restore without --reason", "say why: --reason TEXT");
  }
  session.out.line(
      format("the database {} becomes what it was at {}; everything written after that is lost",
             backup.database, to_local_text(backup.made)));
  if (!agreed(options.change, format("restore {}?", backup.name))) return;
  const std::string label =
      format("old_{}_{}", stamp(session.clock.now()), random_hex(2).substr(1));
  if (database->finish_restore(label)) {
    log::warning("a restore that was cut off was finished first");
  }
  std::string before;
  database->check_restorable(backup.about);
  // One that is gone holds nothing that could be lost.
  if (!options.discard && database->exists())
    before = make(backup.database, work, backups, session).name;
  session.progress.begin(format("restoring {}", backup.name), backup.bytes);
  backups.restore(backup, *database, label, session.progress);
  session.progress.end();
  Json known = to_json(backup);
  known["reason"] = printable(options.change.reason, 1024);
  known["before"] = before;
  tools.audit().append("restored", std::move(known));
  session.out.line(format("restored {}{}", backup.name,
                          before.empty() ? "" : format("; what was there is kept as {}", before)));
  session.out.json({{"restored", backup.name}, {"before", before}});
}

void kept(const BackupOptions& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  work.lock("backup kept", options.change);
  const Tools& tools = work.tools();
  const Backups backups(tools.installation.layout, tools.workers);
  const auto database = database_named(options.name, work, backups);
  if (!options.drop.empty()) {
    const std::vector<std::string> names = database->kept();
    if (std::find(names.begin(), names.end(), options.drop) == names.end()) {
      throw Error(Errc::usage, format("no restore has left {}", printable(options.drop, 80)),
                  format("see: sealift-installer backup kept {}", options.name));
    }
    database->drop_kept(options.drop);
    tools.audit().append("dropped", {{"database", options.name}, {"name", options.drop}});
  }
  const std::vector<std::string> names = database->kept();
  for (const std::string& each : names) session.out.line(each);
  session.out.json(Json(names));
}

}  // namespace

void add_backup(cli::Command& program, const std::string& site) {
  cli::Command backup = program.sub("backup", "backups of this site's databases");
  backup.fails_with({});
  auto& options = cli::make_options<BackupOptions>();
  const auto with_lock = [&](cli::Command command) {
    return command.option("--lock-timeout", options.change.lock_timeout, "SECONDS",
                          "wait this long for another installer (default 0)");
  };
  with_lock(backup.sub("create", "back a database up now, and verify the backup"))
      .argument("DATABASE", options.name, "its name in site.yaml", cli::Presence::required)
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::busy, Errc::io})
      .runs([&](cli::Session& session) { create(options, site, session); });
  backup.sub("list", "what backups there are")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::io})
      .runs([&site](cli::Session& session) {
        const SiteWork work(session, site);
        const Tools& tools = work.tools();
        show_backups(Backups(tools.installation.layout, tools.workers).list(), session);
      });
  with_lock(backup.sub("verify", "read a backup to its end as a restore would"))
      .argument("BACKUP", options.name, "its name", cli::Presence::required)
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::busy, Errc::io})
      .runs([&](cli::Session& session) { verify(options, site, session); });
  with_lock(
      backup.sub("kept", "databases that restores have left beside a database")
          .argument("DATABASE", options.name, "its name in site.yaml", cli::Presence::required)
          .option("--drop", options.drop, "NAME", "drop this one; what is in it goes")
          .fails_with(
              {Errc::untrusted, Errc::incompatible, Errc::busy, Errc::io, Errc::target_failed}))
      .runs([&](cli::Session& session) { kept(options, site, session); });
  cli::Command command =
      backup.sub("restore", "put a backup in place of what the database holds now");
  add_change_options(command, options.change);
  command.argument("BACKUP", options.name, "its name", cli::Presence::required)
      .flag("--discard", options.discard, "do not back up first what is there")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::busy, Errc::io,
                   Errc::target_failed})
      .runs([&](cli::Session& session) { restore(options, site, session); });
}

}  // namespace sealift::installer
