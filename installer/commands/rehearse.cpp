// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "installer/commands/commands.hpp"
#include "installer/content/given_bundle.hpp"
#include "installer/content/site_content.hpp"
#include "installer/drivers/databases/backups.hpp"
#include "installer/drivers/databases/database_access.hpp"
#include "installer/planning/placing.hpp"
#include "installer/planning/requirements.hpp"
#include "installer/rescue/site_rehearse.hpp"

namespace sealift::installer {

namespace {

struct RehearseOptions {
  ReleaseRehearsal release;
  std::string backup;
  bool all = false;  // the whole release, not just its migrations
};

Backup backup_of(const std::string& database, const Backups& backups) {
  if (auto newest = newest_of(backups.list(), database)) return std::move(*newest);
  throw Error(Errc::incompatible, format("the database {} has no backup to rehearse on", database),
              format("take one for this: --fresh; or make one: sealift-installer backup create {}",
                     database));
}

// A backup that goes when it was rehearsed on.
class FreshBackup {
 public:
  FreshBackup(const Placement& placement, const Backups& backups, cli::Session& session)
      : backups_(backups) {
    const DatabaseSettings settings = database_settings_of(placement);
    const auto database = open_database(settings, backups.folder(), session_name(0));
    const databases::Facts facts = database->facts();
    session.progress.begin(format("backing up {}", placement.target), facts.bytes);
    Backup wanted{.name = format("{}-rehearsal", placement.target),
                  .database = placement.target,
                  .driver = placement.driver,
                  .server = facts.server,
                  .made = session.clock.now(),
                  .version = {},
                  .digest = Digest::of("")};
    encrypt_to(settings.encrypt_to, wanted);
    backup_ = backups.create(*database, std::move(wanted), session.progress);
    session.progress.end();
  }
  FreshBackup(const FreshBackup&) = delete;
  FreshBackup& operator=(const FreshBackup&) = delete;
  ~FreshBackup() {
    try {
      backups_.remove(*backup_);
    } catch (const Error& error) {
      log::warning(format("the backup {} stays: {}", backup_->name, error.message()));
    }
  }
  const Backup& backup() const { return *backup_; }

 private:
  const Backups& backups_;
  std::optional<Backup> backup_;
};

Json rehearse(const Placement& placement, const Backup& backup, const Backups& backups,
              SiteContent& content, cli::Session& session) {
  const DatabaseSettings settings = database_settings_of(placement);
  const migrations::MigrationSet set = read_migrations(content, placement.component, settings);
  const auto database = open_database(settings, backups.folder(), session_name(0));
  session.progress.begin(format("copying {}", backup.name), backup.bytes);
  const auto copy = backups.rehearse(backup, *database, session.progress);
  session.progress.end();
  databases::Run run{
      .set = set,
      .pending = {},
      .table = tracking_table(settings, set),
      .before = {},
      .author = {.transaction = 0, .release = "rehearsal", .digest = {}, .actor = acting_user()},
      .now = session.clock.now(),
      .foreign_keys = foreign_keys(settings)};
  run.before = copy->applied(run.table);
  run.pending = compare(set, run.before).pending;
  const auto begun = std::chrono::steady_clock::now();
  if (!run.pending.empty()) copy->migrate(run);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  Json names = Json::array();
  for (const migrations::Migration* each : run.pending) names.push_back(each->name);
  session.out.line(format("{}: {} on a copy of {} in {:.1f} s", placement.target,
                          cli::count_text(run.pending.size(), "migration"), backup.name, seconds));
  return {{"database", placement.target},
          {"backup", backup.name},
          {"migrations", std::move(names)},
          {"milliseconds", static_cast<std::uint64_t>(seconds * 1000)}};
}

// A drill is evidence too: which release was tried on which backups.
void record_drill(const Tools& tools, const bundle::VerifiedBundle& verified, const Json& tried) {
  tools.audit().append("rehearsed", {{"digest", verified.contents().digest().str()},
                                     {"version", verified.contents().document.version},
                                     {"databases", tried}});
}

void check_options(const RehearseOptions& options) {
  const ReleaseRehearsal& release = options.release;
  if (release.fresh && !options.backup.empty()) {
    throw Error(Errc::usage, "--fresh and --backup contradict each other");
  }
  const RehearsalOptions& whole = release.rehearsal;
  const bool has_whole = whole.start || !whole.place.empty() || !whole.set.empty() ||
                         !whole.secrets.empty() || !whole.free_ports.empty() ||
                         !whole.without_checks.empty();
  if (options.all && !options.backup.empty()) {
    throw Error(Errc::usage, "--all and --backup contradict each other",
                "a whole release needs a backup of everything: the newest, or --fresh");
  }
  if (!options.all && has_whole) {
    throw Error(Errc::usage,
                "--place, --start, --set, --secret, --free-port and --without-check are of a whole "
                "release",
                "give --all");
  }
}

void rehearse_migrations(const RehearseOptions& options, const std::string& site,
                         cli::Session& session) {
  SiteWork work(session, site);
  work.lock("rehearse", {});
  const Tools& tools = work.tools();
  const bundle::Trust trust = tools.trust(options.release.trust.expiry());
  const std::shared_ptr<bundle::Medium> medium =
      open_given(tools.installation.layout, options.release.bundle);
  const bundle::VerifiedBundle verified = bundle::verify_confined(*medium, trust, session.progress);
  const bundle::Contents& contents = verified.contents();
  SiteContent content(tools.installation.layout, medium, contents.digest(), {}, tools.workers);
  const Backups backups(tools.installation.layout, tools.workers);
  std::optional<Backup> named;
  if (!options.backup.empty()) named = backups.find(options.backup);
  if (named && named->database.find('/') != named->database.npos) {
    throw Error(Errc::usage,
                format("the backup {} is of the folder {}, expected one of a database", named->name,
                       named->database),
                "see: sealift-installer backup list");
  }
  Json list = Json::array();
  for (const Placement& placement : migrations_on(contents, tools.installation.site)) {
    if (named && named->database != placement.target) continue;
    if (options.release.fresh) {
      const FreshBackup fresh(placement, backups, session);
      list.push_back(rehearse(placement, fresh.backup(), backups, content, session));
      continue;
    }
    list.push_back(rehearse(placement, named ? *named : backup_of(placement.target, backups),
                            backups, content, session));
  }
  record_drill(tools, verified, list);
  session.out.json(list);
}

}  // namespace

void add_rehearse(cli::Command& program, const std::string& site) {
  auto& options = cli::make_options<RehearseOptions>();
  cli::Command command = program.sub(
      "rehearse", "run a bundle's migrations, or all of it, on copies that are dropped afterwards");
  add_expiry_option(command, options.release.trust);
  command
      .arguments("BUNDLE", options.release.bundle,
                 "the bundle file, or volumes of it or their folder", cli::Presence::required)
      .option("--backup", options.backup, "NAME", "the backup (default: the newest)")
      .flag("--fresh", options.release.fresh,
            "on backups that are made now; one of migrations alone goes with it")
      .flag("--all", options.all,
            "the whole release, as a site of its own beside this one, until it is healthy");
  add_rehearsal_options(command, options.release.rehearsal);
  command
      .example("sealift-installer rehearse shop-1.1.0.bundle.tar.zst",
               "on a copy of the newest backup")
      .example("sealift-installer rehearse shop-1.1.0.bundle.tar.zst --fresh",
               "on a copy of the databases as they are now")
      .example("sealift-installer rehearse shop-1.1.0.bundle.tar.zst --all --start",
               "all of it: files, data, containers, health; then it is gone")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::incompatible,
                   Errc::busy, Errc::io, Errc::target_failed, Errc::needs_operator,
                   Errc::interrupted})
      .runs([&](cli::Session& session) {
        check_options(options);
        if (options.all) {
          rehearse_release(options.release, site, session);
        } else {
          rehearse_migrations(options, site, session);
        }
      });
}

}  // namespace sealift::installer
