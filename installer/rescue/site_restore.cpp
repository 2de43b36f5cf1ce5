// SPDX-License-Identifier: Apache-2.0
#include "installer/rescue/site_restore.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/operations/recovery.hpp"
#include "installer/rescue/backup_subject.hpp"
#include "installer/rescue/former_site.hpp"
#include "installer/session/asked_health.hpp"
#include "installer/session/release.hpp"
#include "installer/site/card.hpp"
#include "installer/site/identity.hpp"
#include "installer/site_archive/restoring.hpp"
#include "release/text/yaml.hpp"

namespace sealift::installer {

namespace {

// The site.yaml that this machine gets.
struct Settings {
  std::string text;
  release::Site site;
  bool moves = false;  // it is not that of the archive
};

Settings settings_of(const OpenedArchive& opened, const RestoreOptions& options) {
  if (options.settings.empty()) {
    return {.text = opened.settings(),
            .site = release::parse_site(opened.settings(), "site.yaml of the archive")};
  }
  std::string text = read_file(options.settings, release::kMaxYamlBytes);
  release::Site site = release::parse_site(text, options.settings);
  const SiteManifest& manifest = opened.manifest();
  if (site.release != manifest.release || site.environment != manifest.environment) {
    throw Error(
        Errc::incompatible,
        format("{}: takes {} in {}, the archive is of {} in {}", options.settings, site.release,
               site.environment, printable(manifest.release), printable(manifest.environment)),
        "say the same release and environment; the places may differ");
  }
  const bool moves = text != opened.settings();
  return {.text = std::move(text), .site = std::move(site), .moves = moves};
}

void refuse_what_is_here(const Layout& layout, const Settings& settings) {
  Problems problems;
  if (path_exists(layout.identity())) {
    problems.add(format("{}: a site is here already", layout.state.string()),
                 "restore to an empty machine, or another place: --site DIR");
  } else if (path_exists(layout.state) && !is_empty_dir(layout.state)) {
    problems.add(format("{}: is not empty", layout.state.string()), "move it away");
  }
  if (path_exists(layout.site_yaml) &&
      read_file(layout.site_yaml, release::kMaxYamlBytes) != settings.text) {
    problems.add(format("{}: is here already, and differs from that of the archive",
                        layout.site_yaml.string()),
                 format("move it away; if it is for other places, name it: --settings {}",
                        layout.site_yaml.string()));
  }
  for (const auto& [name, target] : settings.site.targets) {
    if (target.path.empty() || !path_exists(target.path) || is_empty_dir(target.path)) continue;
    problems.add(format("target {}: {} is not empty", name, target.path),
                 "move what is there away");
  }
  problems.throw_if_any(Errc::incompatible);
}

// Beside the archive, where one who restores it again looks.
fs::path note_of(const SiteArchive& archive) {
  return archive.file().string() + ".restored";
}

void refuse_second(const SiteArchive& archive, const RestoreOptions& options) {
  const fs::path note = note_of(archive);
  if (!path_exists(note)) return;
  const std::string said = printable(on_one_line(read_file(note, 4096)), 400);
  if (options.again) {
    log::warning(format("the archive was restored before: {}", said));
    return;
  }
  throw Error(Errc::incompatible,
              format("{}: was restored before: {}", archive.file().string(), said),
              "two sites would go on from it, each with a history of its own; if the other one is "
              "gone, or is no site any more, give --again");
}

void leave_note(const SiteArchive& archive, const Card& card, Time now) {
  const std::string line = format("{} as site {}\n", to_text(now), card.id);
  try {
    write_file(note_of(archive), line);
  } catch (const Error& error) {
    log::warning(
        format("that it was restored is not noted beside the archive: {}", error.message()));
  }
}

// A new identity in front of the old one.
Card rename_site(const OpenedArchive& opened, const Layout& layout, const Clock& clock) {
  const SiteManifest& manifest = opened.manifest();
  retire_identity(layout, manifest.site);
  Card card = new_card(clock);
  make_site(layout, clock, card);
  AuditLog(layout.audit(), clock)
      .append(std::string(kRestoredEvent),
              to_json(SiteMove{.former = manifest.site,
                               .site = card.id,
                               .key = card.key,
                               .archive = manifest.id,
                               .file = opened.archive().file().filename().string(),
                               .made = manifest.made}));
  return card;
}

void empty(const Layout& layout) {
  const Dir state = Dir::open(layout.state);
  for (const Entry& each : state.entries()) {
    if (layout.state / each.name != layout.lock()) state.remove_tree(each.name);
  }
}

// Fills a state folder of another name, which then becomes the state: there is none, or a whole
// one.
Card unpack_state(const OpenedArchive& opened, const Layout& layout, const Settings& settings,
                  cli::Session& session) {
  Layout fresh = layout;
  fresh.state = layout.state.string() + ".restoring";
  try {
    make_dirs(fresh.state, 0700);
    const SiteLock lock(fresh, "site restore", session.clock, std::chrono::seconds(0));
    empty(fresh);
    opened.unpack(fresh, session.progress);
    if (settings.moves) set_history_aside(fresh, opened.manifest().site);
    Card card = rename_site(opened, fresh, session.clock);
    write_restoring(fresh, {.archive = opened.manifest().id,
                            .file = opened.archive().file().string(),
                            .restored = {}});
    make_dirs(layout.site_yaml.parent_path());
    if (!path_exists(layout.site_yaml)) write_file(layout.site_yaml, settings.text);
    const Dir parent = Dir::open(layout.state.parent_path());
    parent.rename(fresh.state.filename().string(), layout.state.filename().string());
    parent.sync();
    return card;
  } catch (...) {
    // Secrets lie there in clear. What another restore is filling is its own.
    if (current_error().code() != Errc::busy && dir_exists(fresh.state)) {
      Dir::open(layout.state.parent_path()).remove_tree(fresh.state.filename().string());
    }
    throw;
  }
}

}  // namespace

void restore_data(const SiteWork& work, cli::Session& session) {
  const Layout& layout = work.installation().layout;
  const Backups backups(layout, work.tools().workers);
  Restoring restoring = *read_restoring(layout);
  if (restoring.has_data) return;
  for (const Backup& backup : backups.list()) {
    if (std::find(restoring.restored.begin(), restoring.restored.end(), backup.name) !=
        restoring.restored.end()) {
      continue;
    }
    bring_back(backup, backups, work, session);
    // At once: what is not written down here is restored again, beside what is there.
    restoring.restored.push_back(backup.name);
    write_restoring(layout, restoring);
    note_return(backup, work, session);
  }
  restoring.has_data = true;
  write_restoring(layout, restoring);
}

namespace {

void show_plan(const SiteArchive& archive, const Layout& layout, const Settings& settings,
               cli::Session& session) {
  const SiteManifest& manifest = archive.manifest();
  session.out.line(format("archive      {}, {} of {}", archive.file().string(),
                          cli::size_text(archive.bytes()), to_local_text(manifest.made)));
  session.out.line(format("site         {}, {} in {}", printable(manifest.site),
                          printable(manifest.release), printable(manifest.environment)));
  session.out.line(format("release      {}", manifest.title.empty()
                                                 ? std::string("none was installed")
                                                 : printable(manifest.title)));
  if (!manifest.previous.empty()) {
    session.out.line(format("rollback to  {}", printable(manifest.previous)));
  }
  for (const ArchivedFile& each : manifest.files) {
    if (each.name.starts_with(kArchivedBackups)) {
      session.out.line(
          format("data         {}, {}", printable(each.name), cli::size_text(each.bytes)));
    }
  }
  if (settings.moves) {
    session.out.line(
        format("site.yaml    is another one: the history begins anew, the former one is kept in {}",
               former_layout(layout, manifest.site).state.string()));
  }
  session.out.line(
      format("Plan: restore it to {} and {}, under a new identity; then its data, its release, and "
             "its health is asked",
             layout.site_yaml.string(), layout.state.string()));
}

Json to_json(const SiteArchive& archive) {
  return {{"archive", archive.file().string()},
          {"manifest", to_json(archive.manifest())},
          {"bytes", archive.bytes()}};
}

bool agreed(const ChangeOptions& change) {
  return !change.dry_run && (change.yes || cli::confirm("restore it?"));
}

// What it needs lies in the store, and its data is back. At the places where it was it is repaired;
// at others the same bundle is applied for the first time, with what the former site had changed.
void bring_release_back(const RestoreOptions& options, const Layout& layout,
                        const SiteManifest& manifest, const std::string& site,
                        cli::Session& session) {
  const Layout former = former_layout(layout, manifest.site);
  const bool moves = path_exists(former.journal());
  const State state = load_state(moves ? former : layout, session.clock);
  if (state.current() == nullptr || !state.current()->digest) return;
  ReleaseOptions wanted;
  wanted.change = options.change;
  wanted.change.yes = true;
  if (!moves) {
    (void)repair(wanted, site, session);
    return;
  }
  wanted.bundle = {(layout.store() / state.current()->bundle).string()};
  if (wanted.change.reason.empty()) wanted.change.reason = "site restore";
  wanted.now = true;
  wanted.trust = {.accept_expired = true, .below_floor = true};
  wanted.brought = changes_of_former(former, state);
  (void)bring(Purpose::apply, wanted, site, session);
}

// Who it is now, and whether it serves.
void report(const SiteManifest& manifest, const Layout& layout, const std::string& site,
            cli::Session& session) {
  const SiteWork work(session, site);
  const Card card = read_card(layout);
  const std::optional<LastHealth> health = ask_health(work, Asking::until_stable, session);
  if (health && !is_healthy(*health)) session.status = cli::kDiffers;
  session.out.line(format("site         {}, restored from {}", card.id, manifest.site));
  session.out.line(format("key          {}", card.key));
  session.out.line(format("recipient    {}", existing_identity(layout).recipient().str()));
  session.out.line("next: give the release owner the key and the recipient of this site");
  session.out.json({{"site", card.id},
                    {"formerSite", manifest.site},
                    {"key", card.key},
                    {"recipient", existing_identity(layout).recipient().str()},
                    {"release", manifest.title},
                    {"healthy", !health || is_healthy(*health)}});
}

}  // namespace

void restore_site(const RestoreOptions& options, const std::string& site, cli::Session& session) {
  const Layout layout = Layout::choose(site);
  const OpenedArchive opened(options.archive);
  const SiteArchive& archive = opened.archive();
  const Settings settings = settings_of(opened, options);
  const std::optional<Restoring> begun =
      dir_exists(layout.state) ? read_restoring(layout) : std::nullopt;
  const bool goes_on = begun && begun->archive == archive.manifest().id;
  if (!goes_on) {
    refuse_second(archive, options);
    refuse_what_is_here(layout, settings);
    session.progress.begin("verifying the archive", archive.bytes());
    archive.verify(session.progress);
    session.progress.end();
    show_plan(archive, layout, settings, session);
    if (options.change.dry_run) session.out.json(to_json(archive));
    if (!agreed(options.change)) return;
    session.progress.begin("unpacking the archive", archive.bytes());
    const Card card = unpack_state(opened, layout, settings, session);
    session.progress.end();
    leave_note(archive, card, session.clock.now());
  }
  {
    SiteWork work(session, site);
    const SignalGuard signals;
    work.lock("site restore", options.change);
    restore_data(work, session);
    // Of an earlier run, in the middle of bringing the release back.
    if (work.state().unfinished) (void)recover(work.tools(), Direction::forward, "site restore");
  }
  bring_release_back(options, layout, archive.manifest(), site, session);
  end_restoring(layout);
  session.effect = cli::Effect::changed;
  report(archive.manifest(), layout, site, session);
}

}  // namespace sealift::installer
