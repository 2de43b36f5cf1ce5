// SPDX-License-Identifier: Apache-2.0
#include "installer/rescue/site_export.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/random.hpp"
#include "content/frames.hpp"
#include "installer/drivers/data/archive.hpp"
#include "installer/operations/fenced.hpp"
#include "installer/rescue/backup_subject.hpp"
#include "installer/site/site_key.hpp"
#include "installer/site_archive/kept_archives.hpp"
#include "installer/site_archive/site_archive.hpp"

namespace sealift::installer {

namespace {

// What goes into one archive.
struct Export {
  fs::path folder;
  std::vector<signing::AgeRecipient> recipients;
  std::optional<SiteArchive> base;
  std::vector<std::string> bundles;  // files of the store
  std::vector<Backup> backups;
};

[[noreturn]] void refuse_without(const char* what, const char* key, const char* option) {
  throw Error(Errc::usage, format("site export without {}", what),
              format("write exports: {{{}}} into site.yaml, or give {}", key, option));
}

fs::path folder_of(const ExportOptions& options, const release::Site& site) {
  if (!options.to.empty()) return absolute_path(options.to);
  if (site.exports && !site.exports->to.empty()) return site.exports->to;
  refuse_without("a folder", "to: DIR", "--to DIR");
}

// Secrets leave the site for an identity that lies offline, or not at all.
signing::AgeRecipient recovery_of(const ExportOptions& options, const release::Site& site) {
  if (!options.recovery.empty()) {
    return while_doing("--recovery",
                       [&] { return signing::AgeRecipient::parse(options.recovery); });
  }
  if (site.exports) return signing::AgeRecipient::parse(site.exports->recovery);
  refuse_without("a recovery recipient", "recovery: age1...", "--recovery age1...");
}

// One that another site has made, or that lies elsewhere, would be of no use at the restore.
SiteArchive base_of(const std::string& file, const Export& plan, const SiteWork& work,
                    const SiteKey& key) {
  SiteArchive base{fs::path(file)};
  if (base.manifest().site != work.installation().id || base.manifest().key != key.public_key()) {
    throw Error(Errc::incompatible,
                format("{}: is of the site {}, expected one of this site, {}", file,
                       printable(base.manifest().site, 80), work.installation().id),
                "name an archive of this site, or leave --since out");
  }
  if (real_path(base.file().parent_path()) != real_path(plan.folder)) {
    throw Error(Errc::usage,
                format("{}: lies in another folder than {}", file, plan.folder.string()),
                "a restore looks for both in one folder: write the new one beside it");
  }
  return base;
}

// Of the release that stands and of the one that rollback leads to.
std::vector<std::string> bundles_of(const State& state, const Layout& layout) {
  std::vector<std::string> bundles;
  for (const Revision* each : {state.current(), state.previous()}) {
    if (each == nullptr || each->bundle.empty()) continue;
    if (std::find(bundles.begin(), bundles.end(), each->bundle) != bundles.end()) continue;
    if (!path_exists(layout.store() / each->bundle)) {
      throw Error(Errc::corrupt,
                  format("{}: is missing, it is the bundle of {}",
                         (layout.store() / each->bundle).string(), each->title()),
                  "bring it back first: sealift-installer status says how");
    }
    bundles.push_back(each->bundle);
  }
  return bundles;
}

std::vector<Backup> newest_of_each(const std::vector<std::string>& subjects,
                                   const Backups& backups) {
  std::vector<Backup> newest;
  const std::vector<Backup> all = backups.list();
  for (const std::string& subject : subjects) {
    std::optional<Backup> found = newest_of(all, subject);
    if (!found) {
      throw Error(Errc::usage, format("--newest-backups, and there is none of {}", subject),
                  format("make one: sealift-installer backup create {}", subject));
    }
    newest.push_back(std::move(*found));
  }
  return newest;
}

std::vector<Backup> backups_for(const ExportOptions& options, const SiteWork& work,
                                const Backups& backups, cli::Session& session) {
  const std::vector<std::string> subjects = subjects_of(work);
  if (options.newest_backups) return newest_of_each(subjects, backups);
  std::vector<Backup> made;
  const auto make_all = [&] {
    for (const std::string& each : subjects) {
      made.push_back(back_up(subject_named(each, work, backups), work, backups, session));
    }
  };
  if (options.fence) {
    while_fenced(work.tools(), make_all);
  } else {
    make_all();
  }
  return made;
}

// What comes back by itself, is made anew, or travels beside the state.
LeftOut left_out_of(const Layout& layout, const std::vector<Backup>& taken) {
  const auto below = [&](const fs::path& path) {
    return path.lexically_relative(layout.state).string();
  };
  LeftOut left_out;
  for (const fs::path& each : {layout.store(), layout.receipts(), layout.lock(), layout.site_key(),
                               layout.site_public_key(), layout.identity(), layout.copies()}) {
    left_out.insert(below(each));
  }
  if (!dir_exists(layout.backups())) return left_out;
  for (const Entry& each : Dir::open(layout.backups()).entries()) {
    const bool is_record = std::any_of(taken.begin(), taken.end(), [&](const Backup& backup) {
      return each.name == backup.name + std::string(kBackupRecord);
    });
    if (!is_record) left_out.insert(below(layout.backups() / each.name));
  }
  return left_out;
}

// One that the base has under the same name and size: a bundle's name says what is in it.
std::optional<ArchivedFile> bundle_in(const std::optional<SiteArchive>& base,
                                      const std::string& name, std::uint64_t bytes) {
  const ArchivedFile* found = base ? base->manifest().file(name) : nullptr;
  if (found == nullptr || found->bytes != bytes) return std::nullopt;
  return base->referred(*found);
}

std::optional<ArchivedFile> backup_in(const std::optional<SiteArchive>& base,
                                      const std::string& name, const Backup& backup) {
  if (!base) return std::nullopt;
  for (const ArchivedFile& each : base->manifest().files) {
    if (each.dump != backup.digest) continue;
    ArchivedFile same = base->referred(each);
    same.name = name;
    return same;
  }
  return std::nullopt;
}

std::vector<ArchivedFile> write_files(const Export& plan, const SiteWork& work,
                                      const Backups& backups, SiteArchiveWriter& writer) {
  const Layout& layout = work.installation().layout;
  std::vector<ArchivedFile> files;
  for (const std::string& each : plan.bundles) {
    const std::string name = std::string(kArchivedBundles) + each;
    const fs::path file = layout.store() / each;
    const auto same = bundle_in(plan.base, name, file_bytes(file));
    files.push_back(same ? *same : writer.add(name, file));
  }
  for (const Backup& each : plan.backups) {
    const fs::path file = backups.file(each);
    const std::string name = format("{}{}.age", kArchivedBackups, file.filename().string());
    const auto same = backup_in(plan.base, name, each);
    files.push_back(same ? *same : writer.add_encrypted(name, file, plan.recipients));
    files.back().dump = each.digest;
  }
  files.push_back(
      writer.add_encrypted(std::string(kArchivedSettings), layout.site_yaml, plan.recipients));
  const LeftOut left_out = left_out_of(layout, plan.backups);
  files.push_back(writer.add_encrypted(
      std::string(kArchivedState),
      [&](Sink& to) {
        content::TrailerSink trailer(to);
        content::FrameWriter frames(trailer, work.tools().workers, content::kDefaultLevel);
        write_archive(layout.state, frames, left_out);
        frames.finish();
        trailer.finish(frames.frames());
      },
      plan.recipients));
  return files;
}

SiteManifest describe(const Export& plan, const SiteWork& work, const State& state,
                      const SiteKey& key, Time now) {
  const Installation& installation = work.installation();
  const AuditLog::Head head = work.tools().audit().head();
  SiteManifest manifest{.id = random_hex(16),
                        .site = installation.id,
                        .release = installation.site.release,
                        .environment = installation.site.environment,
                        .title = state.current() == nullptr ? "" : state.current()->title(),
                        .previous = state.previous() == nullptr ? "" : state.previous()->title(),
                        .made = now,
                        .program = SEALIFT_VERSION,
                        .audit_lines = head.count,
                        .audit_head = head.digest,
                        .recipients = {},
                        .key = key.public_key(),
                        .files = {}};
  for (const auto& each : plan.recipients) manifest.recipients.push_back(each.str());
  return manifest;
}

struct WrittenArchive {
  std::string name;  // of its file
  SiteManifest manifest;
};

// Where it cannot be written, nothing stays of it.
WrittenArchive write_archive_of(const Export& plan, const SiteWork& work, const State& state,
                                const SiteKey& key, Time now, Progress& progress) {
  const Installation& installation = work.installation();
  const Backups backups(installation.layout, work.tools().workers);
  SiteArchiveWriter writer(plan.folder, installation.id, progress);
  try {
    SiteManifest manifest = describe(plan, work, state, key, now);
    manifest.files = write_files(plan, work, backups, writer);
    const signing::Signer signer = {.key = key.public_key(), .sign = [&](std::string_view message) {
                                      return key.sign(message);
                                    }};
    std::string name = writer.finish(
        manifest, signer,
        format("{}-{}-{}", installation.site.release, installation.site.environment, stamp(now)));
    return {.name = std::move(name), .manifest = std::move(manifest)};
  } catch (const Error& error) {
    if (error.code() == Errc::io) writer.discard();
    throw;
  }
}

// What an archive would take at most, for a dry run.
struct Estimate {
  std::uint64_t bytes = 0;
  std::uint64_t free = 0;
};

Estimate estimate(const Export& plan, const ExportOptions& options, const SiteWork& work,
                  const Backups& backups) {
  const Layout& layout = work.installation().layout;
  Estimate result{.bytes = size_of(layout.state, left_out_of(layout, {})).bytes,
                  .free = free_space(existing_part(plan.folder)).bytes};
  for (const std::string& each : plan.bundles) {
    const std::uint64_t bytes = file_bytes(layout.store() / each);
    const std::string name = std::string(kArchivedBundles) + each;
    if (!bundle_in(plan.base, name, bytes)) result.bytes += bytes;
  }
  if (options.newest_backups) {
    for (const Backup& each : newest_of_each(subjects_of(work), backups))
      result.bytes += each.packed;
    return result;
  }
  for (const std::string& each : subjects_of(work)) {
    result.bytes += subject_named(each, work, backups).content->facts().bytes;
  }
  return result;
}

void show(const Estimate& estimate, const fs::path& folder, cli::Session& session) {
  session.out.line(format("about {} at most to write into {}, {} free",
                          cli::size_text(estimate.bytes), folder.string(),
                          cli::size_text(estimate.free)));
}

void refuse_full(const Estimate& estimate, const fs::path& folder) {
  // A dump is packed; a database that is twice as large as what is free may still fit.
  if (estimate.bytes / 4 <= estimate.free) return;
  throw Error(Errc::io,
              format("{}: has {} free, the archive may take {}", folder.string(),
                     cli::size_text(estimate.free), cli::size_text(estimate.bytes)),
              "free some space, name another folder with --to, or keep fewer archives");
}

}  // namespace

void export_site(const ExportOptions& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  work.lock_and_settle("site export", options.change);
  const SignalGuard signals;
  const Installation& installation = work.installation();
  const State state = work.state();
  const SiteKey key = SiteKey::read(installation.layout);
  Export plan{.folder = folder_of(options, installation.site),
              .recipients = {recovery_of(options, installation.site)},
              .base = {},
              .bundles = bundles_of(state, installation.layout),
              .backups = {}};
  if (!options.since.empty()) plan.base = base_of(options.since, plan, work, key);
  const Backups backups(installation.layout, work.tools().workers);
  const Estimate size = estimate(plan, options, work, backups);
  show(size, plan.folder, session);
  if (options.change.dry_run) {
    session.out.json({{"bytes", size.bytes}, {"free", size.free}});
    return;
  }
  refuse_full(size, plan.folder);
  plan.backups = backups_for(options, work, backups, session);
  const Time now = session.clock.now();
  session.progress.begin("writing the archive", 0);
  const auto [name, manifest] = write_archive_of(plan, work, state, key, now, session.progress);
  session.progress.end();
  const fs::path file = plan.folder / name;
  work.tools().audit().append("exported", {{"archive", name},
                                           {"id", manifest.id},
                                           {"bytes", file_bytes(file)},
                                           {"recipients", manifest.recipients},
                                           {"reason", printable(options.change.reason, 1024)}});
  session.effect = cli::Effect::changed;
  session.out.line(format("archive      {}, {}", file.string(), cli::size_text(file_bytes(file))));
  session.out.line(format("signed by    {}", key.public_key().id()));
  if (plan.base) session.out.line(format("needs        {}", plan.base->file().filename().string()));
  const std::vector<std::string> removed =
      installation.site.exports
          ? remove_old_archives(plan.folder, installation.site.exports->rule, installation.id, now)
          : std::vector<std::string>{};
  for (const std::string& each : removed) session.out.line(format("removed      {}", each));
  session.out.json({{"archive", file.string()},
                    {"bytes", file_bytes(file)},
                    {"key", key.public_key().id()},
                    {"removed", removed}});
}

}  // namespace sealift::installer
