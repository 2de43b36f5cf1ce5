// SPDX-License-Identifier: Apache-2.0
#include "installer/rescue/backup_copies.hpp"

#include <fcntl.h>

#include <algorithm>

#include "base/copy.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/null_sink.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "installer/rescue/copy_record.hpp"

namespace sealift::installer {

namespace {

constexpr std::chrono::hours kLongestPause{1};
constexpr std::string_view kFileWord = "{file}";

Digest digest_of(Source& content) {
  NullSink nowhere;
  HashingSink hashed(nowhere);
  copy(content, hashed);
  return hashed.finish();
}

[[noreturn]] void refuse_copy(const std::string& where, const Digest& found,
                              const Digest& expected) {
  throw Error(Errc::io, format("{}: was read back with the digest {}, expected {}", where,
                               found.str(), expected.str()));
}

// A folder of the site's own in that of the place, as state/backups is.
Backups copies_in(const release::BackupCopy& place, const SiteWork& work) {
  if (!dir_exists(place.to)) {
    throw Error(Errc::io, format("{}: is missing, expected a folder for copies", place.to),
                "mount it, or correct copies in site.yaml");
  }
  const Layout layout{.site_yaml = {}, .state = fs::path(place.to) / work.installation().id};
  return {layout, work.tools().workers};
}

// From the disk and not from memory, as far as the system lets go of it.
Digest read_back(const fs::path& file) {
  const Fd fd = open_for_reading(file);
  ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
  FdSource content(fd.get(), file.string());
  return digest_of(content);
}

// The record comes last, as in the site's own folder.
Digest copy_to_folder(const Backups& there, const Backup& backup, const Backups& own,
                      Progress& progress) {
  const fs::path place = there.file(backup);
  const fs::path from = own.file(backup);
  FileSource content(open_for_reading(from), from.string());
  AtomicFile out(place, FileMode::secret);
  HashingSink hashed(out);
  copy(content, hashed, progress);
  out.commit();
  const Digest written = hashed.finish();
  if (const Digest found = read_back(place); found != written) {
    there.remove(backup);
    refuse_copy(place.string(), found, written);
  }
  there.note(backup);
  return written;
}

Command command_of(std::vector<std::string> words, const std::string& file) {
  for (std::string& word : words) replace_all(word, kFileWord, file);
  return {.arguments = std::move(words), .folder = {}, .input = {}, .timeout = kLongestPause};
}

void check(const Outcome& outcome, const std::vector<std::string>& words) {
  if (outcome.status == 0) return;
  throw Error(Errc::io, format("{} ended with status {}: {}", printable(words.front(), 80),
                               outcome.status, printable(on_one_line(outcome.error_output), 400)));
}

Digest copy_by_command(const release::BackupCopy& place, const Backup& backup, const Backups& own,
                       Progress& progress) {
  const fs::path from = own.file(backup);
  const std::string name = from.filename().string();
  FileSource content(open_for_reading(from), from.string());
  ProgramSink into(command_of(place.command, name));
  HashingSink hashed(into);
  copy(content, hashed, progress);
  check(into.finish(), place.command);
  const Digest written = hashed.finish();
  if (place.verify.empty()) return written;
  ProgramSource kept(command_of(place.verify, name));
  const Digest found = digest_of(kept);
  check(kept.finish(), place.verify);
  if (found != written) refuse_copy(format("{} {}", place.verify.front(), name), found, written);
  return written;
}

// Copies in a folder that neither retention nor a later site has taken away, and that are gone.
std::vector<std::string> gone_from(const Backups& folder, const CopyRecord& record) {
  std::vector<std::string> gone;
  for (const auto& [name, unused] : record.there) {
    if (!record.removed.contains(name) && !folder.has(name)) gone.push_back(name);
  }
  return gone;
}

// All that one place lacks, oldest first.
void fill(const release::BackupCopy& place, const SiteWork& work, const Backups& own,
          CopyRecord& record, CopyRun& run, Progress& progress) {
  const std::vector<Backup> all = own.list();
  std::erase_if(record.there, [&](const auto& known) { return !own.has(known.first); });
  std::erase_if(record.removed, [&](const std::string& name) { return !own.has(name); });
  std::optional<Backups> folder;
  if (!place.to.empty()) {
    folder.emplace(copies_in(place, work));
    for (const std::string& name : gone_from(*folder, record)) {
      log::warning(format("copies at {}: {} was gone, and is copied again", run.place, name));
      record.there.erase(name);
    }
  }
  for (const Backup& each : all) {
    if (record.there.contains(each.name)) continue;
    progress.begin(format("copying {}", each.name), each.packed);
    const Digest digest = folder ? copy_to_folder(*folder, each, own, progress)
                                 : copy_by_command(place, each, own, progress);
    progress.end();
    record.there.insert_or_assign(each.name, digest);
    run.copied.push_back(each.name);
    work.tools().audit().append(
        "copied", {{"backup", each.name}, {"place", run.place}, {"file", digest.str()}});
  }
  if (!folder) return;
  run.removed = folder->prune(place.rule, work.tools().clock.now(), {});
  for (const std::string& name : gone_from(*folder, record)) record.removed.insert(name);
}

CopyRun copy_to(const release::BackupCopy& place, const SiteWork& work, const Backups& own,
                CopyRecord& record, Progress& progress) {
  CopyRun run{.place = place.name(), .copied = {}, .failed = {}};
  record.failed.clear();
  try {
    fill(place, work, own, record, run, progress);
  } catch (const Error& error) {
    if (error.code() == Errc::interrupted) throw;
    run.failed = printable(error.message(), 400);
    record.failed = run.failed;
    record.failed_at = work.tools().clock.now();
    work.tools().audit().append("copy-failed", {{"place", run.place}, {"message", run.failed}});
    log::warning(format("copies at {}: {}", run.place, run.failed));
  }
  return run;
}

}  // namespace

std::vector<CopyRun> copy_backups(const SiteWork& work, const Backups& backups,
                                  Progress& progress) {
  const Layout& layout = work.installation().layout;
  std::vector<CopyRun> runs;
  if (work.installation().site.copies.empty()) return runs;
  std::map<std::string, CopyRecord> records = read_copy_records(layout);
  for (const release::BackupCopy& place : work.installation().site.copies) {
    runs.push_back(copy_to(place, work, backups, records[place.name()], progress));
    write_copy_records(layout, records);
  }
  return runs;
}

std::vector<Damage> damage_of_copies(const SiteWork& work, Time now) {
  constexpr std::int64_t kDay = 24L * 60 * 60;
  constexpr const char* kAgain = "run: sealift-installer backup copy; see whether its timer runs";
  std::vector<Damage> all;
  const Layout& layout = work.installation().layout;
  if (work.installation().site.copies.empty() || !dir_exists(layout.backups())) return all;
  const std::vector<Backup> backups = Backups(layout, work.tools().workers).list();
  std::map<std::string, CopyRecord> records = read_copy_records(layout);
  for (const release::BackupCopy& place : work.installation().site.copies) {
    const CopyRecord& record = records[place.name()];
    const std::string what = format("copies at {}", printable(place.name(), 200));
    if (!record.failed.empty()) {
      all.push_back(
          {what, format("failed at {}: {}", to_text(*record.failed_at), record.failed), kAgain});
      continue;
    }
    if (!place.to.empty() && dir_exists(place.to)) {
      if (const auto gone = gone_from(copies_in(place, work), record); !gone.empty()) {
        all.push_back({what,
                       format("{} is gone from there, and {} in all", gone.front(), gone.size()),
                       "see who removes copies; run: sealift-installer backup copy"});
      }
    }
    const auto lacking = std::count_if(backups.begin(), backups.end(), [&](const Backup& each) {
      return !record.there.contains(each.name) && now.seconds - each.made.seconds > kDay;
    });
    if (lacking > 0) {
      all.push_back(
          {what, format("{} backups of yesterday or before are not there", lacking), kAgain});
    }
  }
  return all;
}

}  // namespace sealift::installer
