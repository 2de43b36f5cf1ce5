// SPDX-License-Identifier: Apache-2.0
#include "installer/rescue/site_rehearse.hpp"

#include <chrono>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/random.hpp"
#include "installer/drivers/databases/database_access.hpp"
#include "installer/rescue/backup_subject.hpp"
#include "installer/rescue/site_restore.hpp"
#include "installer/session/release.hpp"
#include "installer/site/card.hpp"
#include "installer/site/identity.hpp"
#include "installer/site_archive/restoring.hpp"
#include "release/site_file/rehearsal.hpp"

namespace sealift::installer {

namespace {

using Steady = std::chrono::steady_clock;

// How long each part took, for people who plan for the day.
class Measured {
 public:
  void part(const std::string& name, cli::Session& session) {
    const auto now = Steady::now();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_);
    began_ = now;
    parts_[name] = static_cast<std::uint64_t>(took.count());
    session.out.line(format("{:<12} {:.1f} s", name, static_cast<double>(took.count()) / 1000));
  }
  const Json& milliseconds() const { return parts_; }

 private:
  Steady::time_point began_ = Steady::now();
  Json parts_ = Json::object();
};

// A site that goes with its owner: its folder, and databases that do not lie in it.
class ThrowAway {
 public:
  ThrowAway(const DrillOptions& options, const OpenedArchive& opened, cli::Session& session)
      : session_(session),
        opened_(opened),
        label_(label_of_old(session.clock.now())),
        folder_((options.place.empty() ? temporary_folder() : absolute_path(options.place)) /
                format("sealift-rehearsal-{}", random_hex(6))) {
    const std::string settings =
        release::rehearsal_settings(opened.settings(), "site.yaml of the archive", folder_, label_);
    make_dirs(folder_, 0700);
    try {
      fill(settings);
    } catch (...) {
      remove();
      throw;
    }
  }
  ThrowAway(const ThrowAway&) = delete;
  ThrowAway& operator=(const ThrowAway&) = delete;
  ~ThrowAway() { remove(); }

  std::string site() const { return (folder_ / "site").string(); }

 private:
  // Trust, keys and backups of the archive, and no history: what it applies is its first release.
  void fill(const std::string& settings) {
    const Layout layout = Layout::choose(site());
    make_dirs(layout.state, 0700);
    opened_.unpack(layout, session_.progress);
    const Dir state = Dir::open(layout.state);
    for (const fs::path& each : {layout.journal(), layout.revisions(), layout.tables(),
                                 layout.audit(), layout.summary(), layout.health()}) {
      state.remove_tree(each.filename().string());
    }
    restore_folders(layout);
    make_dirs(layout.journal());
    retire_identity(layout, opened_.manifest().site);
    Card card = new_card(session_.clock);
    make_site(layout, session_.clock, card);
    write_restoring(layout, {.archive = opened_.manifest().id,
                             .file = opened_.archive().file().string(),
                             .restored = {}});
    write_file(layout.site_yaml, settings);
  }

  // What it cannot remove it names.
  void remove() {
    try {
      if (path_exists(Layout::choose(site()).site_yaml)) drop_databases();
    } catch (const Error& error) {
      log::warning(format("a database of the rehearsal is left: {}", error.message()));
    }
    try {
      Dir::open(folder_.parent_path()).remove_tree(folder_.filename().string());
    } catch (const Error& error) {
      log::warning(format("{} is left: {}", folder_.string(), error.message()));
    }
  }

  // They have the names of what restores keep beside the databases of the archive's site.
  void drop_databases() {
    const fs::path scratch = Layout::choose(site()).backups();
    const release::Site original = release::parse_site(opened_.settings(), "site.yaml");
    for (const auto& [name, entry] : original.databases) {
      if (!entry.path.empty()) continue;
      const auto database =
          open_database(database_settings(name, original, {}), scratch, session_name(0));
      for (const std::string& kept : database->kept()) {
        if (kept.ends_with("_" + label_)) database->drop_kept(kept);
      }
    }
  }

  cli::Session& session_;
  const OpenedArchive& opened_;
  const std::string label_;  // of its databases
  fs::path folder_;
};

// The bundle of the release that stood, as the archive has it.
std::string bundle_of(const OpenedArchive& opened, const std::string& site) {
  for (const ArchivedFile& each : opened.manifest().files) {
    if (!each.name.starts_with(kArchivedBundles)) continue;
    return (Layout::choose(site).store() / fs::path(each.name).filename()).string();
  }
  throw Error(Errc::incompatible, "the archive has no release: nothing was installed then",
              "rehearse an archive of a site with a release");
}

// On a drill machine there is no site that could remember it.
void record(const Json& result, const std::string& site, cli::Session& session) {
  const Layout layout = Layout::choose(site);
  if (!path_exists(layout.identity())) return;
  AuditLog(layout.audit(), session.clock).append("rehearsed", result);
}

Json rehearse(const OpenedArchive& opened, const DrillOptions& options, cli::Session& session) {
  Measured measured;
  session.progress.begin("verifying the archive", opened.archive().bytes());
  opened.archive().verify(session.progress);
  session.progress.end();
  measured.part("verify", session);
  const ThrowAway place(options, opened, session);
  measured.part("unpack", session);
  {
    SiteWork work(session, place.site());
    work.lock("site rehearse", {});
    restore_data(work, session);
    end_restoring(work.installation().layout);
  }
  measured.part("data", session);
  ReleaseOptions applying;
  applying.bundle = {bundle_of(opened, place.site())};
  applying.change.yes = true;
  applying.change.reason = "rehearsal";
  applying.trust.accept_expired = true;  // as a restore, which asks for no new approval
  applying.set = options.set;
  (void)bring(Purpose::apply, applying, place.site(), session);
  measured.part("release", session);
  return measured.milliseconds();
}

}  // namespace

void rehearse_site(const DrillOptions& options, const std::string& site, cli::Session& session) {
  const OpenedArchive opened(options.archive);
  Json result = {{"archive", opened.manifest().id},
                 {"file", opened.archive().file().filename().string()},
                 {"made", to_text(opened.manifest().made)},
                 {"release", opened.manifest().title}};
  try {
    result["milliseconds"] = rehearse(opened, options, session);
  } catch (const Error& error) {
    result["failed"] = error.message();
    record(result, site, session);
    throw;
  }
  record(result, site, session);
  session.out.line(
      format("{} came back whole, and was removed", opened.archive().file().filename().string()));
  session.out.json(result);
}

}  // namespace sealift::installer
