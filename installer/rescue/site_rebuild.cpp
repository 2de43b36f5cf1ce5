// SPDX-License-Identifier: Apache-2.0
#include "installer/rescue/site_rebuild.hpp"

#include "base/format.hpp"
#include "base/path.hpp"
#include "bundle/report.hpp"
#include "installer/rescue/backup_subject.hpp"
#include "installer/rescue/typed_identity.hpp"
#include "installer/session/release.hpp"

namespace sealift::installer {

namespace {

struct Dump {
  std::string of;  // a database, or TARGET/FOLDER
  fs::path file;
};

std::vector<Dump> dumps_of(const RebuildOptions& options) {
  std::vector<Dump> dumps;
  for (const std::string& each : options.backups) {
    const std::size_t equals = each.find('=');
    if (equals == each.npos || equals == 0) {
      throw Error(Errc::usage, format("--backup \"{}\", expected NAME=FILE", printable(each, 80)),
                  "such as main=main-12.dump.zst; of a folder of data web/uploads=FILE");
    }
    dumps.push_back({.of = each.substr(0, equals), .file = each.substr(equals + 1)});
    const std::string name = dumps.back().file.string();
    if (!name.ends_with(kBackupDump) && !name.ends_with(kEncryptedDump)) {
      throw Error(Errc::usage,
                  format("--backup {}: found no file {} or {}", printable(name, 200), kBackupDump,
                         kEncryptedDump),
                  "give a file of state/backups, as a site has made it");
    }
  }
  return dumps;
}

void refuse_installed(const State& state) {
  if (state.current() == nullptr) return;
  throw Error(Errc::incompatible,
              format("this site has {} installed, and data of its own", state.current()->title()),
              "to put a backup in place of its data: sealift-installer backup restore");
}

Backup take_in(const Dump& dump, const BackupSubject& subject, const RebuildOptions& options,
               const Backups& backups, cli::Session& session) {
  const Time now = session.clock.now();
  Backup wanted{.name = format("{}-{}", subject.label, stamp(now)),
                .database = subject.name,
                .driver = subject.driver,
                .server = {},
                .made = now,
                .version = {},
                .digest = Digest::of("")};
  FileSource file(open_for_reading(dump.file), dump.file.string());
  return while_doing(dump.file.string(), [&] {
    if (!dump.file.string().ends_with(kEncryptedDump)) {
      return backups.take_in(file, std::move(wanted), session.progress);
    }
    if (options.identity.empty()) {
      throw Error(Errc::usage, "it is encrypted, and --identity names nobody who can open it");
    }
    signing::AgeSource plain(file, identity_from(options.identity));
    return backups.take_in(plain, std::move(wanted), session.progress);
  });
}

void put_back(const Dump& dump, const RebuildOptions& options, const SiteWork& work,
              const Backups& backups, cli::Session& session) {
  const BackupSubject subject = subject_named(dump.of, work, backups);
  session.progress.begin(format("restoring {}", dump.of), file_bytes(dump.file));
  const Backup backup = take_in(dump, subject, options, backups, session);
  make_place_of(subject, work);
  subject.content->check_restorable(backup.about);
  backups.restore(backup, *subject.content, label_of_old(session.clock.now()), session.progress);
  session.progress.end();
  Json known = to_json(backup);
  known["file"] = dump.file.filename().string();
  known["reason"] = printable(options.change.reason, 1024);
  work.tools().audit().append("restored", std::move(known));
  session.out.line(format("data         {} is that of {}", dump.of, dump.file.string()));
}

}  // namespace

void rebuild_site(const RebuildOptions& options, const std::string& site, cli::Session& session) {
  const std::vector<Dump> dumps = dumps_of(options);
  if (options.change.reason.empty()) {
    throw Error(Errc::usage, "site restore --bundle without --reason", "say why: --reason TEXT");
  }
  {
    SiteWork work(session, site);
    work.lock_and_settle("site restore", options.change);
    const SignalGuard signals;
    refuse_installed(work.state());
    const bundle::Judgement judged = bundle::judge_confined(
        *bundle::open_medium({options.bundle}), work.tools().trust(options.trust.expiry()));
    if (judged.refusal) throw *judged.refusal;
    const Backups backups(work.installation().layout, work.tools().workers);
    for (const Dump& each : dumps) {
      (void)subject_named(each.of, work, backups);
      session.out.line(format("{} becomes what {} holds", each.of, each.file.string()));
    }
    if (!work.agreed(options.change, "restore it?")) return;
    for (const Dump& each : dumps) put_back(each, options, work, backups, session);
  }
  ReleaseOptions applying;
  applying.bundle = {options.bundle};
  applying.change = options.change;
  applying.change.yes = true;
  applying.trust = options.trust;
  session.out.json(bring(Purpose::apply, applying, site, session));
}

}  // namespace sealift::installer
