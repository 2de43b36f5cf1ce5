// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "installer/commands/commands.hpp"
#include "installer/drivers/databases/database_access.hpp"
#include "installer/rescue/backup_copies.hpp"
#include "installer/rescue/backup_subject.hpp"

namespace sealift::installer {

namespace {

struct BackupOptions {
  std::string name;  // of a database or of a backup
  bool discard = false;
  std::string drop;
  bool all = false;
  bool restore = false;  // of verify: into a copy, which goes
  ChangeOptions change;
};

void show_backups(const std::vector<Backup>& backups, cli::Session& session) {
  std::vector<std::vector<std::string>> rows = {
      {"BACKUP", "OF", "MADE", "RELEASE", "BYTES", "PACKED", "SERVER"}};
  Json list = Json::array();
  for (const Backup& each : backups) {
    rows.push_back({each.name, each.database, to_local_text(each.made), each.version,
                    cli::size_text(each.bytes), cli::size_text(each.packed), each.server});
    list.push_back(to_json(each));
  }
  session.out.table(rows);
  session.out.json(list);
}

// The names that a person gives, or all there are.
std::vector<std::string> named(const BackupOptions& options, const char* what,
                               const std::vector<std::string>& all) {
  if (options.all == options.name.empty()) return options.all ? all : std::vector{options.name};
  throw Error(Errc::usage, format("found {} and --all, or neither, expected one of both", what),
              "name one, or give --all");
}

void create(const BackupOptions& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  work.lock("backup create", options.change);
  const Tools& tools = work.tools();
  const Backups backups(tools.installation.layout, tools.workers);
  std::vector<Backup> made;
  for (const std::string& each : named(options, "NAME", subjects_of(work))) {
    made.push_back(back_up(subject_named(each, work, backups), work, backups, session));
  }
  show_backups(made, session);
  // What fails is a warning and stays to be seen: the backup itself was made.
  (void)copy_backups(work, backups, session.progress);
}

void copy(const BackupOptions& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  work.lock("backup copy", options.change);
  if (work.installation().site.copies.empty()) {
    throw Error(Errc::usage, "site.yaml names no place for copies",
                "write backups: {copies: [{to: /mnt/second}]} into site.yaml");
  }
  const Backups backups(work.installation().layout, work.tools().workers);
  Problems problems;
  Json list = Json::array();
  for (const CopyRun& run : copy_backups(work, backups, session.progress)) {
    session.out.line(format("{}: copied {}, removed {}", printable(run.place, 200),
                            run.copied.size(), run.removed));
    list.push_back({{"place", run.place},
                    {"copied", run.copied},
                    {"removed", run.removed},
                    {"failed", run.failed}});
    if (!run.failed.empty()) problems.add(format("copies at {}: {}", run.place, run.failed));
  }
  session.out.json(list);
  problems.throw_if_any(Errc::io);
}

// Where asked for, a database gets a copy that is made of the backup, and dropped again.
Json verify_one(const Backup& backup, const BackupOptions& options, const SiteWork& work,
                const Backups& backups, cli::Session& session) {
  const BackupSubject subject = subject_of(backup, work, backups);
  session.progress.begin(format("verifying {}", backup.name), backup.bytes);
  const bool restores = options.restore && subject.is_database();
  if (restores) {
    const auto database =
        open_database(database_settings(backup.database, work.installation().site, {}),
                      backups.folder(), session_name(0));
    (void)backups.rehearse(backup, *database, session.progress);
  } else {
    backups.verify(backup, *subject.content, session.progress);
  }
  session.progress.end();
  for (const std::string& line : backup.changed) {
    session.out.line(format("while it was made: {}", line));
  }
  session.out.line(format("{} is whole{}: {}, {}", backup.name, restores ? " and was restored" : "",
                          cli::size_text(backup.bytes), backup.digest.str()));
  return to_json(backup);
}

// Every backup is looked at, whatever is wrong with one before it.
void verify(const BackupOptions& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  work.lock("backup verify", options.change);
  const Tools& tools = work.tools();
  const Backups backups(tools.installation.layout, tools.workers);
  std::vector<std::string> all;
  for (const Backup& each : backups.list()) all.push_back(each.name);
  Json verified = Json::array();
  Problems problems;
  Errc code = Errc::corrupt;
  for (const std::string& each : named(options, "BACKUP", all)) {
    try {
      verified.push_back(verify_one(backups.find(each), options, work, backups, session));
    } catch (const Error& error) {
      if (!options.all || error.code() == Errc::interrupted) throw;
      code = error.code();
      problems.add(error.within(format("backup {}", each)));
    }
  }
  problems.throw_if_any(code);
  if (options.all) {
    tools.audit().append("verified", {{"backups", all}, {"restored", options.restore}});
    session.out.json(verified);
  } else {
    session.out.json(verified.front());
  }
}

// What is kept of a folder since `before` was all that was kept; dropped where that was asked for.
std::string see_to_old_folder(const BackupSubject& subject, const std::vector<std::string>& before,
                              const BackupOptions& options) {
  log::warning(format("what had {} open goes on with the old folder: restart it", subject.name));
  for (const std::string& each : subject.content->kept()) {
    if (std::find(before.begin(), before.end(), each) != before.end()) continue;
    if (!options.discard) return each;
    subject.content->drop_kept(each);
  }
  return "";
}

void restore(const BackupOptions& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  work.lock("backup restore", options.change);
  const Tools& tools = work.tools();
  const Backups backups(tools.installation.layout, tools.workers);
  const Backup backup = backups.find(options.name);
  const BackupSubject subject = subject_of(backup, work, backups);
  databases::Restorable& content = *subject.content;
  if (options.change.reason.empty()) {
    throw Error(Errc::usage, "backup restore without --reason", "say why: --reason TEXT");
  }
  session.out.line(format(
      "the {} {} becomes what it was at {}; {}", subject.is_database() ? "database" : "data of",
      backup.database, to_local_text(backup.made),
      subject.is_folder() && !options.discard ? "what is there now is kept beside it"
                                              : "everything written after that is lost"));
  if (!work.agreed(options.change, format("restore {}?", backup.name))) return;
  const std::string label = label_of_old(session.clock.now());
  if (content.finish_restore(label)) {
    log::warning("a restore that was cut off was finished first");
  }
  std::string before;
  content.check_restorable(backup.about);
  // One that is gone holds nothing that could be lost, and a folder is kept as it is.
  if (!options.discard && subject.is_database() && content.exists()) {
    before = back_up(subject, work, backups, session).name;
  }
  const std::vector<std::string> kept_before = content.kept();
  session.progress.begin(format("restoring {}", backup.name), backup.bytes);
  backups.restore(backup, content, label, session.progress);
  session.progress.end();
  if (subject.is_folder()) before = see_to_old_folder(subject, kept_before, options);
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
  const auto content = subject_named(options.name, work, backups).content;
  if (!options.drop.empty()) {
    const std::vector<std::string> names = content->kept();
    if (std::find(names.begin(), names.end(), options.drop) == names.end()) {
      throw Error(Errc::usage, format("no restore has left {}", printable(options.drop, 80)),
                  format("see: sealift-installer backup kept {}", options.name));
    }
    content->drop_kept(options.drop);
    tools.audit().append("dropped", {{"database", options.name}, {"name", options.drop}});
  }
  const std::vector<std::string> names = content->kept();
  for (const std::string& each : names) session.out.line(each);
  session.out.json(Json(names));
}

void add_copy(cli::Command command, BackupOptions& options, const std::string& site) {
  command
      .example("sealift-installer backup copy --lock-timeout 3600",
               "for a timer: each that is not there yet")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::busy, Errc::io,
                   Errc::interrupted})
      .runs([&](cli::Session& session) { copy(options, site, session); });
}

void add_kept(cli::Command command, BackupOptions& options, const std::string& site) {
  command
      .argument("NAME", options.name, "its name in site.yaml; of a folder TARGET/FOLDER",
                cli::Presence::required)
      .option("--drop", options.drop, "NAME", "drop this one; what is in it goes")
      .example("sealift-installer backup kept main", "databases that were set aside")
      .example("sealift-installer backup kept main --drop main_before_7", "drop one of them")
      .fails_with({Errc::untrusted, Errc::incompatible, Errc::busy, Errc::io, Errc::target_failed})
      .runs([&](cli::Session& session) { kept(options, site, session); });
}

}  // namespace

void add_backup(cli::Command& program, const std::string& site) {
  cli::Command backup =
      program.sub("backup", "make, check and restore backups of databases and folders of data");
  backup.example("sealift-installer backup list", "what backups there are").fails_with({});
  auto& options = cli::make_options<BackupOptions>();
  const auto with_lock = [&](cli::Command command) {
    return command.option("--lock-timeout", options.change.lock_timeout, "SECONDS",
                          "wait this long for another installer (default 0)");
  };
  with_lock(
      backup.sub("create", "back up a database or a folder of data now, and verify the backup"))
      .argument("NAME", options.name,
                "its name in site.yaml; of a folder TARGET/FOLDER, of a volume TARGET:VOLUME",
                cli::Presence::optional)
      .flag("--all", options.all,
            "every database, and every folder of data and volume of the release")
      .example("sealift-installer backup create --all", "for a timer")
      .example("sealift-installer backup create main", "the database that site.yaml calls main")
      .example("sealift-installer backup create web/uploads",
               "the folder uploads of the target web")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::busy, Errc::io})
      .runs([&](cli::Session& session) { create(options, site, session); });
  add_copy(with_lock(backup.sub("copy", "copy backups to the places that site.yaml names")),
           options, site);
  backup.sub("list", "list the backups of this site")
      .example("sealift-installer backup list --json", "for a program")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::io})
      .runs([&site](cli::Session& session) {
        const SiteWork work(session, site);
        const Tools& tools = work.tools();
        show_backups(Backups(tools.installation.layout, tools.workers).list(), session);
      });
  with_lock(backup.sub("verify", "read a backup to its end as a restore would"))
      .argument("BACKUP", options.name, "its name", cli::Presence::optional)
      .flag("--all", options.all, "every backup; the audit log gets a line")
      .flag("--restore", options.restore,
            "restore each database into a copy beside it, and drop the copy")
      .example("sealift-installer backup verify main-20260101T120000Z",
               "one that `backup list` shows")
      .example("sealift-installer backup verify --all --restore", "a monthly proof")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::busy, Errc::io})
      .runs([&](cli::Session& session) { verify(options, site, session); });
  add_kept(
      with_lock(backup.sub("kept", "list what restores have left beside a database or a folder")),
      options, site);
  cli::Command command = backup.sub("restore", "put a backup in place of what is there now");
  add_change_options(command, options.change);
  command.argument("BACKUP", options.name, "its name", cli::Presence::required)
      .flag("--discard", options.discard, "do not keep what is there now")
      .example("sealift-installer backup restore main-20260101T120000Z",
               "asks first; what is there now is kept")
      .example("sealift-installer backup restore main-20260101T120000Z --yes --reason CHG-7",
               "from a script")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::busy, Errc::io,
                   Errc::target_failed})
      .runs([&](cli::Session& session) { restore(options, site, session); });
}

}  // namespace sealift::installer
