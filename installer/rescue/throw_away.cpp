// SPDX-License-Identifier: Apache-2.0
#include "installer/rescue/throw_away.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/random.hpp"
#include "installer/drivers/compose/compose_program.hpp"
#include "installer/drivers/compose/containers.hpp"
#include "installer/drivers/databases/database_access.hpp"
#include "installer/operations/recovery.hpp"
#include "installer/rescue/backup_subject.hpp"
#include "installer/rescue/free_ports.hpp"
#include "installer/site/card.hpp"
#include "release/documents/workload.hpp"

namespace sealift::installer {

namespace {

constexpr std::string_view kFront = "sealift-rehearsal-";
constexpr const char* kSite = "site";    // below the folder
constexpr const char* kLabel = "label";  // a file there: of databases
constexpr std::size_t kMaxLabelBytes = 100;

// The folder as something that is locked while its rehearsal goes on.
Layout as_locked(const fs::path& folder) {
  return {.site_yaml = folder / "none", .state = folder};
}

std::map<std::string, std::string> secrets_of(const RehearsalOptions& options) {
  std::map<std::string, std::string> secrets;
  for (const std::string& each : options.secrets) {
    const std::size_t equals = each.find('=');
    if (equals == each.npos || equals == 0 || equals + 1 == each.size()) {
      throw Error(Errc::usage,
                  format("--secret: found \"{}\", expected KEY=FILE", printable(each)));
    }
    secrets[each.substr(0, equals)] = absolute_path(each.substr(equals + 1)).string();
  }
  return secrets;
}

// Databases of the throw-away site have the names of what restores keep beside those of the real
// one, which is how they are dropped.
void drop_databases(const release::Site& site, const fs::path& scratch, const std::string& label) {
  release::Site real = site;
  const std::string behind = "_" + label;
  for (auto& [name, entry] : real.databases) {
    const std::size_t at = entry.url.rfind(behind);
    if (!entry.path.empty() || at == entry.url.npos) continue;
    entry.url.erase(at, behind.size());
    const auto database =
        open_database(database_settings(name, real, {}), scratch, session_name(0));
    for (const std::string& kept : database->kept()) {
      if (kept.ends_with(behind)) database->drop_kept(kept);
    }
  }
}

// What containers of the release have left, which were taken down with it.
void drop_volumes(const release::Site& site) {
  for (const auto& [name, target] : site.targets) {
    if (target.driver != release::kCompose || !target.project.starts_with(kFront)) continue;
    const Engine engine(engine_of(target, find_compose(target).command));
    for (const std::string& each : engine.networks(target.project)) engine.remove_network(each);
    for (const std::string& each : engine.volumes(target.project)) engine.remove_volume(each);
  }
}

// Everything that a rehearsal has made. Needs nothing but its folder, so that one that was cut off
// is removed as well.
void remove_rehearsal(const fs::path& folder, cli::Session& session) {
  const auto attempt = [](const char* what, auto work) {
    try {
      work();
    } catch (const Error& error) {
      log::warning(format("{} of the rehearsal: {}", what, error.message()));
    }
  };
  const std::string site = (folder / kSite).string();
  const Layout layout = Layout::choose(site);
  if (path_exists(layout.site_yaml)) {
    attempt("a transaction", [&] {
      SiteWork work(session, site);
      work.lock("rehearse", {});
      if (work.state().unfinished) (void)recover(work.tools(), Direction::back, "rehearsal");
    });
    attempt("a volume", [&] { drop_volumes(release::load_site(layout.site_yaml)); });
    attempt("a database", [&] {
      drop_databases(release::load_site(layout.site_yaml), layout.backups(),
                     read_file(folder / kLabel, kMaxLabelBytes));
    });
  }
  attempt("the folder",
          [&] { Dir::open(folder.parent_path()).remove_tree(folder.filename().string()); });
}

// Only what this user has made himself is read: commands stand in such folders.
void remove_leftovers(const fs::path& place, cli::Session& session) {
  const Dir parent = Dir::open(place);
  for (const Entry& each : parent.entries()) {
    if (!each.name.starts_with(kFront) || each.type != EntryType::directory) continue;
    const auto status = parent.stat(each.name);
    if (!status || status->st_uid != ::geteuid() || (status->st_mode & 0077) != 0) continue;
    if (lock_holder(as_locked(place / each.name))) continue;
    log::warning(format("{} was cut off, and is removed", (place / each.name).string()));
    remove_rehearsal(place / each.name, session);
  }
}

fs::path place_of(const RehearsalOptions& options) {
  return options.place.empty() ? temporary_folder() : absolute_path(options.place);
}

}  // namespace

ThrowAway::ThrowAway(const RehearsalOptions& options, const Original& original,
                     cli::Session& session)
    : options_(options),
      session_(session),
      folder_(place_of(options) / format("{}{}", kFront, random_hex(6))) {
  const std::string label = label_of_old(session.clock.now());
  const std::string settings = release::rehearsal_settings(
      original.settings, original.settings_name,
      {.place = folder_,
       .label = label,
       .name = folder_.filename().string(),
       .runs = options.start ? release::Runs::containers : release::Runs::nothing,
       .secrets = secrets_of(options)});
  remove_leftovers(folder_.parent_path(), session);
  make_dirs(folder_, 0700);
  try {
    lock_.emplace(as_locked(folder_), "rehearse", session.clock, std::chrono::seconds(0));
    write_file(folder_ / kLabel, label);
    fill(original);
    write_file(layout().site_yaml, settings);
  } catch (...) {
    remove_rehearsal(folder_, session_);
    throw;
  }
}

ThrowAway::~ThrowAway() {
  remove_rehearsal(folder_, session_);
}

Layout ThrowAway::layout() const {
  return Layout::choose((folder_ / kSite).string());
}

// No history: what it applies is its first release.
void ThrowAway::fill(const Original& original) const {
  const Layout into = layout();
  make_dirs(into.state, 0700);
  original.fill(into);
  const Dir state = Dir::open(into.state);
  for (const fs::path& each : {into.journal(), into.revisions(), into.tables(), into.audit(),
                               into.summary(), into.health()}) {
    state.remove_tree(each.filename().string());
  }
  restore_folders(into);
  make_dirs(into.journal());
  Card card = new_card(session_.clock);
  make_site(into, session_.clock, card);
}

void ThrowAway::restore(const std::optional<KeptData>& data) const {
  SiteWork work(session_, (folder_ / kSite).string());
  work.lock("rehearse", {});
  const Backups own(layout(), work.tools().workers);
  const Backups& backups = data ? data->backups : own;
  for (const Backup& each : data ? data->chosen : own.list()) {
    bring_back(each, backups, work, session_);
    note_return(each, work, session_);
  }
}

void ThrowAway::prove(const std::vector<std::string>& bundle,
                      std::optional<Brought> brought) const {
  ReleaseOptions applying;
  applying.bundle = bundle;
  applying.change.yes = true;
  applying.change.reason = "rehearsal";
  applying.trust.accept_expired = true;  // as a restore, which asks for no new approval
  applying.set = options_.set;
  for (std::string& each : with_free_ports(options_.free_ports)) {
    applying.set.push_back(std::move(each));
  }
  applying.brought = std::move(brought);
  applying.ends = Ends::taken_back;
  applying.without_checks = options_.without_checks;
  (void)bring(Purpose::apply, applying, (folder_ / kSite).string(), session_);
}

void add_rehearsal_options(cli::Command& command, RehearsalOptions& options) {
  add_set_option(command, options.set);
  command
      .option("--place", options.place, "DIR",
              "where the folder for it is made (default: TMPDIR, else /tmp)")
      .flag("--start", options.start,
            "start its containers as well, in a project of their own: they get the values and "
            "secrets of the site")
      .options("--secret", options.secrets, "KEY=FILE", "another secret than the site's")
      .options("--free-port", options.free_ports, "KEY", "give this value a port that is free")
      .options("--without-check", options.without_checks, "NAME",
               "leave out a health check, of what is no part of this: a proxy, a domain");
}

}  // namespace sealift::installer
