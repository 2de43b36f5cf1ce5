// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "installer/commands/commands.hpp"
#include "installer/rescue/site_export.hpp"
#include "installer/rescue/site_rebuild.hpp"
#include "installer/rescue/site_rehearse.hpp"
#include "installer/rescue/site_restore.hpp"

namespace sealift::installer {

namespace {

void add_export(cli::Command& site_command, const std::string& site) {
  auto& options = cli::make_options<ExportOptions>();
  site_command
      .sub("export", "write one signed archive from which an empty machine becomes this site")
      .option("--to", options.to, "DIR", "the folder for it (default: exports.to in site.yaml)")
      .option("--recovery", options.recovery, "RECIPIENT",
              "age1... of the recovery identity, which lies offline (default: exports.recovery)")
      .option("--since", options.since, "ARCHIVE",
              "an archive in that folder: what it has is not written again")
      .flag("--fence", options.fence, "close the fence while backups are made")
      .flag("--newest-backups", options.newest_backups, "take the newest backups, make none")
      .flag("--dry-run", options.change.dry_run, "say about how large it gets, write nothing")
      .option("--reason", options.change.reason, "TEXT", "kept in the audit log")
      .option("--lock-timeout", options.change.lock_timeout, "SECONDS",
              "wait this long for another installer (default 0)")
      .example("sealift-installer site export", "as site.yaml says, from a timer")
      .example("sealift-installer site export --to /mnt/usb --recovery age1...",
               "to a medium that somebody carries away")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::busy, Errc::io,
                   Errc::target_failed, Errc::needs_operator})
      .runs([&](cli::Session& session) { export_site(options, site, session); });
}

// From an archive, or from what is left.
struct ComingBack {
  RestoreOptions whole;
  RebuildOptions parts;
};

void run_restore(const ComingBack& options, const std::string& site, cli::Session& session) {
  const ArchiveOptions& named = options.whole.archive;
  const bool has_archive = !named.archive.empty();
  if (has_archive == !options.parts.bundle.empty()) {
    throw Error(Errc::usage, "found an archive and --bundle, or neither, expected one of both",
                "with an archive: site restore ARCHIVE; without one: site restore --bundle BUNDLE "
                "--backup NAME=FILE");
  }
  if (!has_archive) {
    RebuildOptions parts = options.parts;
    parts.identity = named.identity;
    parts.change = options.whole.change;
    rebuild_site(parts, site, session);
    return;
  }
  if (named.identity.empty()) {
    throw Error(Errc::usage, "site restore without --identity",
                "name the file of the recovery identity that the archive is encrypted to");
  }
  restore_site(options.whole, site, session);
}

void add_restore(cli::Command& site_command, const std::string& site) {
  auto& options = cli::make_options<ComingBack>();
  cli::Command command = site_command.sub(
      "restore", "make an empty machine the site of an archive: its data, release and history");
  add_archive_options(command, options.whole.archive, cli::Presence::optional);
  command.flag("--again", options.whole.again, "although it was restored before")
      .option("--settings", options.whole.settings, "FILE",
              "a site.yaml for this machine, where paths, projects or databases differ")
      .option("--bundle", options.parts.bundle, "BUNDLE",
              "without an archive: the release, for a site that has its trust root and no release")
      .options("--backup", options.parts.backups, "NAME=FILE",
               "with --bundle: a backup for a database, or for TARGET/FOLDER");
  add_change_options(command, options.whole.change);
  add_expiry_option(command, options.parts.trust);
  command
      .example("sealift-installer site restore /mnt/usb --identity r.age --key \"5F2C ...\"",
               "the newest archive there; shows it, asks, restores")
      .example("sealift-installer site restore --bundle s.tar.zst --backup main=m.dump.zst",
               "no archive survived: a release and a dump")
      .fails_with(
          {Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::busy,
           Errc::io, Errc::target_failed, Errc::needs_operator, Errc::interrupted},
          {{"20", "all is back, and a health check does not hold"}})
      .runs([&](cli::Session& session) { run_restore(options, site, session); });
}

void add_drill(cli::Command& site_command, const std::string& site) {
  auto& options = cli::make_options<DrillOptions>();
  cli::Command command = site_command.sub(
      "rehearse", "restore an archive into a throw-away place, ask its health, and remove it");
  add_archive_options(command, options.archive, cli::Presence::required);
  add_rehearsal_options(command, options.rehearsal);
  command
      .example("sealift-installer site rehearse /mnt/usb --identity r.age --key \"5F2C ...\"",
               "a monthly drill, whose result is kept in the audit log of the site")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::incompatible,
                   Errc::busy, Errc::io, Errc::target_failed, Errc::needs_operator,
                   Errc::interrupted})
      .runs([&](cli::Session& session) { rehearse_site(options, site, session); });
}

}  // namespace

void add_site(cli::Command& program, const std::string& site) {
  cli::Command command = program.sub("site", "archive a whole site, and bring it back");
  command.example("sealift-installer site export --to /mnt/usb", "archive this site")
      .fails_with({});
  add_export(command, site);
  add_restore(command, site);
  add_drill(command, site);
}

}  // namespace sealift::installer
