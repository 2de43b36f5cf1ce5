// SPDX-License-Identifier: Apache-2.0
#include "installer/rescue/thorough_look.hpp"

#include <set>

#include "base/format.hpp"
#include "base/path.hpp"
#include "bundle/reader.hpp"
#include "installer/drivers/databases/database_access.hpp"
#include "installer/evidence/audit_review.hpp"
#include "installer/operations/standing.hpp"
#include "installer/rescue/backup_subject.hpp"
#include "installer/site/site_key.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kMostFiles = 20;  // of one component that are named
constexpr const char* kRepair = "run: sealift-installer doctor --repair";

// By the digest that the journals have: whoever approved it, this is what was accepted then.
void check_bundle(const fs::path& file, const Digest& expected, const SiteWork& work,
                  Progress& progress) {
  FileSource source(open_for_reading(file), file.string());
  bundle::Reader reader(source, work.tools().workers, file.string());
  if (const Digest found = reader.read_claim().release.digest; found != expected) {
    throw Error(Errc::corrupt, format("{}: holds the release {}, expected {}", file.string(),
                                      found.short_hex(), expected.short_hex()));
  }
  reader.check_payload(reader.read_release(), progress);
}

void look_at_store(const SiteWork& work, const State& state, Progress& progress,
                   std::vector<Damage>& all) {
  const Layout& layout = work.installation().layout;
  std::set<std::string> seen;
  for (const Revision& revision : state.revisions) {
    const fs::path file = layout.store() / revision.bundle;
    if (revision.bundle.empty() || !revision.digest || !is_retained(layout, revision)) continue;
    if (!path_exists(file) || !seen.insert(revision.bundle).second) continue;
    try {
      check_bundle(file, *revision.digest, work, progress);
    } catch (const Error& error) {
      const bool is_current = state.stands(revision.digest);
      all.push_back({"store", printable(error.message(), 400),
                     is_current ? "carry it again: sealift-installer apply BUNDLE --repair"
                                : format("carry it again: cp BUNDLE '{}'", file.string())});
    }
  }
}

void look_at_files(const SiteWork& work, const State& state, std::vector<Damage>& all) {
  if (state.current() == nullptr || state.unfinished) return;
  for (const Standing& each :
       standing_of(work.tools(), *state.current(), Thoroughness::by_content)) {
    if (each.is_sound() || is_of_database(each.placement)) continue;
    const std::string what = format("component {}", each.placement.component);
    if (!each.unknown.empty()) all.push_back({what, each.unknown, "look at what it says"});
    for (std::size_t i = 0; i < each.differences.size() && i < kMostFiles; ++i) {
      const Difference& difference = each.differences[i];
      all.push_back(
          {what, format("{}: {}", printable(difference.path), text(difference)), kRepair});
    }
    if (each.differences.size() > kMostFiles) {
      all.push_back({what, format("and {} more", each.differences.size() - kMostFiles), kRepair});
    }
  }
}

void look_at_backups(const SiteWork& work, Progress& progress, std::vector<Damage>& all) {
  if (!dir_exists(work.installation().layout.backups())) return;
  const Backups backups(work.installation().layout, work.tools().workers);
  for (const Backup& backup : backups.list()) {
    try {
      const BackupSubject subject = subject_of(backup, work, backups);
      backups.verify(backup, *subject.content, progress);
    } catch (const Error& error) {
      all.push_back({format("backup {}", backup.name), printable(error.message(), 400),
                     format("it is of no use; make another: sealift-installer backup create {}",
                            backup.database)});
    }
  }
}

// With its signed checkpoints, which show more than the chain alone.
void look_at_audit_log(const SiteWork& work, const State& state, const Clock& clock,
                       std::vector<Damage>& all) {
  const Layout& layout = work.installation().layout;
  std::optional<signing::PublicKey> key;
  if (has_site_key(layout)) key = site_public_key(layout);
  const AuditReview review = review_audit_log(
      work.tools().audit().text(),
      {.site = work.installation().id, .key = key, .state = state, .kept = {}, .now = clock.now()});
  for (const AuditFinding& each : review.findings) {
    all.push_back({"audit log", format("{}: {}", each.where, each.found),
                   "see: sealift-installer audit verify"});
  }
}

}  // namespace

std::vector<Damage> damage_of_contents(const SiteWork& work, cli::Session& session) {
  const State state = work.state();
  std::vector<Damage> all;
  session.progress.begin("reading bundles, files and backups", 0);
  look_at_store(work, state, session.progress, all);
  look_at_files(work, state, all);
  look_at_audit_log(work, state, session.clock, all);
  try {
    look_at_backups(work, session.progress, all);
  } catch (const Error& error) {
    all.push_back({"backups", printable(error.message(), 400),
                   "it is of no use; move it away, and make another: sealift-installer backup "
                   "create --all"});
  }
  session.progress.end();
  return all;
}

}  // namespace sealift::installer
