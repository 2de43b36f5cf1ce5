// SPDX-License-Identifier: Apache-2.0
#include "installer/rescue/site_rehearse.hpp"

#include <chrono>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "installer/content/given_bundle.hpp"
#include "installer/drivers/data/archive.hpp"
#include "installer/rescue/backup_subject.hpp"
#include "installer/rescue/former_site.hpp"
#include "release/text/yaml.hpp"

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

// The bundle of the release that stood, as the archive has it.
std::string bundle_of(const OpenedArchive& opened, const Layout& layout) {
  for (const ArchivedFile& each : opened.manifest().files) {
    if (!each.name.starts_with(kArchivedBundles)) continue;
    return (layout.store() / fs::path(each.name).filename()).string();
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

// `result` with how long each part took, as `rehearse` says; kept also where that failed.
template <typename Rehearse>
Json recorded(Json result, const std::string& site, cli::Session& session, Rehearse rehearse) {
  try {
    result["milliseconds"] = rehearse();
  } catch (const Error& error) {
    result["failed"] = error.message();
    record(result, site, session);
    throw;
  }
  record(result, site, session);
  return result;
}

// Trust and keys of age, as they are on the site: its bundles and secrets open with them.
void copy_trust(const Layout& from, const Layout& into) {
  LeftOut left_out = {(fs::path("keys") / from.site_key().filename()).string(),
                      (fs::path("keys") / from.site_public_key().filename()).string()};
  for (const Entry& each : Dir::open(from.state).entries()) {
    const fs::path path = from.state / each.name;
    if (path != from.trust() && path != from.keys()) left_out.insert(each.name);
  }
  StringSink copied;
  (void)write_archive(from.state, copied, left_out);
  StringSource archive(copied.bytes());
  unpack_archive(archive, Dir::open(into.state));
}

// The newest backup of everything, or one that is made now and stays as any other.
std::vector<Backup> data_for(const SiteWork& work, const Backups& backups, bool fresh,
                             cli::Session& session) {
  std::vector<Backup> chosen;
  const std::vector<Backup> all = backups.list();
  for (const std::string& name : subjects_of(work)) {
    const BackupSubject subject = subject_named(name, work, backups);
    if (fresh) {
      chosen.push_back(back_up(subject, work, backups, session));
      continue;
    }
    std::optional<Backup> newest = newest_of(all, name);
    if (!newest) {
      throw Error(
          Errc::incompatible, format("{} has no backup to rehearse on", name),
          format("make them for this: --fresh; or one: sealift-installer backup create {}", name));
    }
    chosen.push_back(std::move(*newest));
  }
  return chosen;
}

Json rehearse(const OpenedArchive& opened, const DrillOptions& options, cli::Session& session) {
  Measured measured;
  session.progress.begin("verifying the archive", opened.archive().bytes());
  opened.archive().verify(session.progress);
  session.progress.end();
  measured.part("verify", session);
  const Original original{
      .settings = opened.settings(),
      .settings_name = "site.yaml of the archive",
      .fill = [&](const Layout& into) { opened.unpack(into, session.progress); }};
  const ThrowAway place(options.rehearsal, original, session);
  measured.part("unpack", session);
  place.restore({});
  measured.part("data", session);
  place.prove({bundle_of(opened, place.layout())}, {});
  measured.part("release", session);
  return measured.milliseconds();
}

}  // namespace

void rehearse_site(const DrillOptions& options, const std::string& site, cli::Session& session) {
  const OpenedArchive opened(options.archive);
  const Json result = recorded({{"archive", opened.manifest().id},
                                {"file", opened.archive().file().filename().string()},
                                {"made", to_text(opened.manifest().made)},
                                {"release", opened.manifest().title}},
                               site, session, [&] { return rehearse(opened, options, session); });
  session.out.line(
      format("{} came back whole, and was removed", opened.archive().file().filename().string()));
  session.out.json(result);
}

void rehearse_release(const ReleaseRehearsal& options, const std::string& site,
                      cli::Session& session) {
  SiteWork work(session, site);
  work.lock("rehearse", {});
  const Tools& tools = work.tools();
  const Layout& layout = work.installation().layout;
  const State state = work.state();
  // Judged before anything is made for it, and named in the audit log.
  const bundle::VerifiedBundle verified =
      verify_given(layout, options.bundle, tools.trust(options.trust.expiry()), session.progress);
  const auto prove = [&] {
    Measured measured;
    const Backups backups(layout, tools.workers);
    const KeptData data{backups, data_for(work, backups, options.fresh, session)};
    measured.part("backups", session);
    const Original original{.settings = read_file(layout.site_yaml, release::kMaxYamlBytes),
                            .settings_name = layout.site_yaml.string(),
                            .fill = [&](const Layout& into) { copy_trust(layout, into); }};
    const ThrowAway place(options.rehearsal, original, session);
    place.restore(data);
    measured.part("data", session);
    place.prove(options.bundle, state.current() == nullptr
                                    ? std::nullopt
                                    : std::optional(changes_of_former(layout, state)));
    measured.part("release", session);
    return measured.milliseconds();
  };
  const Json result = recorded({{"digest", verified.contents().digest().str()},
                                {"version", verified.contents().document.version},
                                {"release", verified.contents().document.name}},
                               site, session, prove);
  session.out.line("it was applied, found healthy, and removed");
  session.out.json(result);
}

}  // namespace sealift::installer
