// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/databases/backups.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/null_sink.hpp"
#include "base/path.hpp"
#include "content/frames.hpp"
#include "installer/site/identity.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kMaxRecord = 1U << 20;

class CountedSink : public Sink {
 public:
  CountedSink(Sink& out, Progress& progress) : out_(out), progress_(progress) {}
  void write(std::string_view bytes) override {
    hasher_.update(bytes);
    bytes_ += bytes.size();
    out_.write(bytes);
    progress_.advance(bytes.size());
  }
  Digest finish() { return hasher_.finish(); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  Sink& out_;
  Progress& progress_;
  Hasher hasher_;
  std::uint64_t bytes_ = 0;
};

// A dump on its way out, which ends in Error{corrupt} unless it is just what was put in.
class KeptDump : public Source {
 public:
  // `identity` is needed where the backup is encrypted.
  KeptDump(const fs::path& file, const Backup& backup, const signing::AgeIdentity* identity,
           Workers& workers, Progress& progress)
      : backup_(backup),
        fd_(open_for_reading(file)),
        packed_(fd_.get(), file.string()),
        plain_(identity == nullptr ? nullptr
                                   : std::make_unique<signing::AgeSource>(packed_, *identity)),
        frames_(plain_ == nullptr ? static_cast<Source&>(packed_) : *plain_, workers),
        progress_(progress) {}

  std::size_t read(std::span<char> into) override {
    const std::size_t count = frames_.read(into);
    if (count > 0) {
      hasher_.update({into.data(), count});
      bytes_ += count;
      progress_.advance(count);
    } else if (!ended_) {
      ended_ = true;
      const Digest found = hasher_.finish();
      if (bytes_ != backup_.bytes || found != backup_.digest) {
        throw Error(Errc::corrupt,
                    format("backup {}: found {} bytes with the digest {}, expected {} with {}",
                           backup_.name, bytes_, found.str(), backup_.bytes, backup_.digest.str()),
                    "use another backup: sealift-installer backup list");
      }
    }
    return count;
  }

 private:
  const Backup& backup_;
  Fd fd_;
  FdSource packed_;
  std::unique_ptr<signing::AgeSource> plain_;
  content::FrameSource frames_;
  Progress& progress_;
  Hasher hasher_;
  std::uint64_t bytes_ = 0;
  bool ended_ = false;
};

void note_changes(const databases::Restorable& source, Backup& backup) {
  std::vector<std::string> changed = source.changed_meanwhile();
  const std::size_t shown = std::min(changed.size(), kMaxChanges);
  for (std::size_t i = 0; i < shown; ++i) {
    log::warning(format("the backup {}: {}", backup.name, changed[i]));
  }
  if (changed.size() > shown) {
    log::warning(format("the backup {}: and {} more", backup.name, changed.size() - shown));
    changed.resize(shown);
  }
  backup.changed = std::move(changed);
}

// The name that a file of a backup is of; empty for other files.
std::string name_of(const std::string& file) {
  for (const std::string_view ending : {kBackupRecord, kBackupDump, kEncryptedDump}) {
    if (file.ends_with(ending)) return file.substr(0, file.size() - ending.size());
  }
  return "";
}

}  // namespace

Json to_json(const Backup& backup) {
  Json value = {{"name", backup.name},          {"database", backup.database},
                {"driver", backup.driver},      {"server", backup.server},
                {"made", to_text(backup.made)}, {"transaction", backup.transaction},
                {"version", backup.version},    {"digest", backup.digest.str()},
                {"bytes", backup.bytes},        {"packed", backup.packed},
                {"about", backup.about},        {"encryptedTo", backup.encrypted_to}};
  if (backup.number > 0) value["number"] = backup.number;
  if (!backup.changed.empty()) value["changed"] = backup.changed;
  return value;
}

Backup backup_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  Backup backup{.name = fields.text("name"),
                .database = fields.text("database"),
                .driver = fields.text("driver"),
                .server = fields.text("server"),
                .made = fields.time("made"),
                .number = fields.number_if("number").value_or(0),
                .transaction = fields.number("transaction"),
                .version = fields.text("version"),
                .digest = fields.digest("digest"),
                .bytes = fields.number("bytes"),
                .packed = fields.number("packed")};
  for (const Json& recipient : fields.array("encryptedTo")) {
    if (!recipient.is_string()) fields.refuse("encryptedTo", "expected texts");
    backup.encrypted_to.push_back(recipient);
  }
  backup.is_encrypted = !backup.encrypted_to.empty();
  backup.about = fields.object("about");
  if (fields.value_if("changed") != nullptr) backup.changed = fields.texts("changed");
  fields.done();
  return backup;
}

void encrypt_to(const std::optional<std::vector<std::string>>& recipients, Backup& backup) {
  if (!recipients) return;
  backup.is_encrypted = true;
  backup.encrypted_to = *recipients;
}

std::optional<Backup> newest_of(const std::vector<Backup>& all, const std::string& name) {
  const auto found = std::find_if(all.rbegin(), all.rend(),
                                  [&](const Backup& each) { return each.database == name; });
  return found == all.rend() ? std::nullopt : std::optional(*found);
}

Backups::Backups(const Layout& layout, Workers& workers)
    : layout_(layout), folder_(layout.backups()), workers_(workers) {
  make_dirs(folder_, 0700);
}

std::vector<Backup> Backups::list() const {
  std::vector<Backup> backups;
  for (const Entry& entry : Dir::open(folder_).entries()) {
    if (!entry.name.ends_with(kBackupRecord)) continue;
    const fs::path path = folder_ / entry.name;
    backups.push_back(
        backup_from_json(parse_json(read_file(path, kMaxRecord), path.string()), path.string()));
  }
  std::stable_sort(backups.begin(), backups.end(), [](const Backup& a, const Backup& b) {
    return std::pair(a.number, a.made) < std::pair(b.number, b.made);
  });
  return backups;
}

Backup Backups::find(const std::string& name) const {
  for (Backup& backup : list()) {
    if (backup.name == name) return std::move(backup);
  }
  throw Error(Errc::usage, format("there is no backup {}", printable(name, 80)),
              "see: sealift-installer backup list");
}

bool Backups::has(const std::string& name) const {
  const std::vector<Backup> all = list();
  return std::any_of(all.begin(), all.end(), [&](const Backup& each) { return each.name == name; });
}

fs::path Backups::file(const Backup& backup) const {
  return folder_ / format("{}{}", backup.name, backup.is_encrypted ? kEncryptedDump : kBackupDump);
}

std::unique_ptr<Source> Backups::dump_of(const Backup& backup, Progress& progress) const {
  if (!backup.is_encrypted) {
    return std::make_unique<KeptDump>(file(backup), backup, nullptr, workers_, progress);
  }
  const std::vector<signing::AgeIdentity> identities = known_identities(layout_);
  for (auto each = identities.begin();; ++each) {
    try {
      return std::make_unique<KeptDump>(file(backup), backup, &*each, workers_, progress);
    } catch (const Error& error) {
      if (error.code() != Errc::untrusted || each + 1 == identities.end()) throw;
    }
  }
}

std::string Backups::free_name(const std::string& wanted) const {
  std::string name = wanted;
  for (int i = 2; path_exists(record(name)); ++i) name = format("{}-{}", wanted, i);
  return name;
}

Backup Backups::create(databases::Restorable& source, Backup backup, Progress& progress) const {
  backup.name = free_name(backup.name);
  const std::vector<Backup> others = list();
  backup.number = others.empty() ? 1 : others.back().number + 1;
  backup.about = source.describe();
  std::vector<signing::AgeRecipient> recipients;
  if (backup.is_encrypted) {
    recipients.push_back(site_identity(layout_, backup.made).recipient());
    for (const std::string& each : backup.encrypted_to) {
      const signing::AgeRecipient recipient = signing::AgeRecipient::parse(each);
      if (recipient != recipients.front()) recipients.push_back(recipient);
    }
    backup.encrypted_to.clear();
    for (const auto& each : recipients) backup.encrypted_to.push_back(each.str());
  }
  AtomicFile out(file(backup), FileMode::secret);
  std::optional<signing::AgeSink> sealed;
  if (backup.is_encrypted) sealed.emplace(out, recipients);
  content::TrailerSink trailer(sealed ? static_cast<Sink&>(*sealed) : out);
  content::FrameWriter frames(trailer, workers_, content::kDefaultLevel);
  CountedSink dump(frames, progress);
  source.dump(dump);
  frames.finish();
  trailer.finish(frames.frames());
  if (sealed) sealed->finish();
  out.commit();
  note_changes(source, backup);
  backup.digest = dump.finish();
  backup.bytes = dump.bytes();
  backup.packed = file_bytes(file(backup));
  note(backup);
  return backup;
}

Backup Backups::take_in(Source& packed, Backup backup, Progress& progress) const {
  backup.name = free_name(backup.name);
  AtomicFile out(file(backup), FileMode::secret);
  copy(packed, out);
  out.commit();
  const Fd fd = open_for_reading(file(backup));
  FdSource kept(fd.get(), file(backup).string());
  content::FrameSource frames(kept, workers_);
  NullSink nowhere;
  CountedSink dump(nowhere, progress);
  copy(frames, dump);
  backup.digest = dump.finish();
  backup.bytes = dump.bytes();
  backup.packed = file_bytes(file(backup));
  note(backup);
  return backup;
}

void Backups::note(const Backup& backup) const {
  write_file(record(backup.name), to_pretty(to_json(backup)), FileMode::secret);
}

Backup Backups::make(databases::Restorable& source, Backup backup, Progress& progress) const {
  Backup made = create(source, std::move(backup), progress);
  verify(made, source, progress);
  return made;
}

void Backups::verify(const Backup& backup, databases::Restorable& source,
                     Progress& progress) const {
  const auto dump = dump_of(backup, progress);
  source.check_dump(*dump);
  // What a database's program did not care to read.
  NullSink nowhere;
  copy(*dump, nowhere);
}

void Backups::restore(const Backup& backup, databases::Restorable& source, const std::string& label,
                      Progress& progress) const {
  const auto dump = dump_of(backup, progress);
  source.restore(*dump, {.label = label, .about = backup.about});
}

std::unique_ptr<databases::Database> Backups::rehearse(const Backup& backup,
                                                       databases::Database& database,
                                                       Progress& progress) const {
  database.check_restorable(backup.about);
  const auto dump = dump_of(backup, progress);
  return database.rehearsal(*dump);
}

void Backups::remove(const Backup& backup) const {
  const Dir dir = Dir::open(folder_);
  // The record first: a dump without one is none.
  dir.remove_tree(record(backup.name).filename().string());
  dir.remove_tree(file(backup).filename().string());
  dir.sync();
}

std::size_t Backups::prune(const release::KeepRule& rule, Time now,
                           const std::vector<std::string>& needed) const {
  struct Newer {
    std::size_t count = 0;
    std::uint64_t bytes = 0;
  };
  std::map<std::string, Newer> kept;
  std::set<std::string> names(needed.begin(), needed.end());
  std::vector<Backup> backups = list();
  std::reverse(backups.begin(), backups.end());
  for (const Backup& backup : backups) {
    Newer& newer = kept[backup.database];
    if (names.contains(backup.name)) continue;
    if (rule.keeps(newer.count, newer.bytes + backup.packed, now.seconds - backup.made.seconds)) {
      names.insert(backup.name);
    }
    ++newer.count;
    newer.bytes += backup.packed;
  }
  std::size_t removed = 0;
  const Dir dir = Dir::open(folder_);
  for (const Entry& entry : dir.entries()) {
    const std::string name = name_of(entry.name);
    const bool is_scratch = entry.name.starts_with(".scratch-");
    if (!is_scratch && (name.empty() || names.contains(name))) continue;
    dir.remove_tree(entry.name);
    if (entry.name.ends_with(kBackupRecord)) ++removed;
  }
  dir.sync();
  remove_leftovers(folder_,
                   [](std::string_view name) { return !name_of(std::string(name)).empty(); });
  return removed;
}

}  // namespace sealift::installer
