// SPDX-License-Identifier: Apache-2.0
#pragma once

// The backups of a site's databases and folders of data: NAME.dump.zst, which is what the
// database's own program wrote, or a tar of a folder, in the container of bundles (`zstd -d` opens
// it), or NAME.dump.zst.age, the same encrypted (`age -d`), and NAME.json, written last, without
// which a dump is none.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/parallel.hpp"
#include "base/progress.hpp"
#include "databases/database.hpp"
#include "installer/site/layout.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

// How the names of its files end.
inline constexpr std::string_view kBackupRecord = ".json";
inline constexpr std::string_view kBackupDump = ".dump.zst";
inline constexpr std::string_view kEncryptedDump = ".dump.zst.age";

struct Backup {
  std::string name;      // "main-12": of a transaction; "main-20261123T190000Z": made by hand
  std::string database;  // its name in site.yaml; of a folder of data "TARGET/FOLDER"
  std::string driver;
  std::string server;  // "PostgreSQL 15.18"; of a folder of data where it lies
  Time made;           // by the host's clock, which may have been wrong
  // The how manieth of this site it is, which no clock can confuse; 0: of an older program, all of
  // which came before.
  std::uint64_t number = 0;
  std::uint64_t transaction = 0;  // that it was made for; 0: by hand
  std::string version;            // of the release that stood; empty: none
  Digest digest;                  // of the dump
  std::uint64_t bytes = 0;        // of the dump
  std::uint64_t packed = 0;       // of the file
  // Recipients of age; empty: not encrypted. create() adds the site's own.
  std::vector<std::string> encrypted_to = {};
  bool is_encrypted = false;
  Json about = Json::object();  // databases::Restorable::describe()
  // What others changed while it was made, for people; at most kMaxChanges lines.
  std::vector<std::string> changed = {};
};

inline constexpr std::size_t kMaxChanges = 100;

// The last one of a database, a folder or a volume, of those that Backups::list() gave; nothing
// where there is none.
std::optional<Backup> newest_of(const std::vector<Backup>& all, const std::string& name);

Json to_json(const Backup& backup);
// Strict; Error{corrupt}.
Backup backup_from_json(const Json& value, const std::string& where);

// What site.yaml says of whom backups are encrypted to.
void encrypt_to(const std::optional<std::vector<std::string>>& recipients, Backup& backup);

class Backups {
 public:
  Backups(const Layout& layout, Workers& workers);

  // Where a dump may lie while it is looked at; made when it is missing.
  const fs::path& folder() const { return folder_; }

  // In the order in which they were made. A record that cannot be read is Error{corrupt}.
  std::vector<Backup> list() const;
  // Error{usage} where there is none of this name.
  Backup find(const std::string& name) const;
  bool has(const std::string& name) const;
  // Where what it holds lies, packed, and encrypted where it is.
  fs::path file(const Backup& backup) const;

  // Dumps and keeps; digest, sizes and what describe() says of `backup` are filled in. None is ever
  // replaced: where one has the name already, the new one is called NAME-2, and so on. What others
  // changed meanwhile is a warning too.
  Backup create(databases::Restorable& source, Backup backup, Progress& progress) const;
  // create(), and verify() of what it made.
  Backup make(databases::Restorable& source, Backup backup, Progress& progress) const;
  // A dump that somebody brings, as it would lie here unencrypted: kept as a backup of this site,
  // and digest and sizes filled in. Error{corrupt} where it is none.
  Backup take_in(Source& packed, Backup backup, Progress& progress) const;
  // A file that lies here already becomes this backup: its record is written.
  void note(const Backup& backup) const;
  // Unpacks and reads all of it as a restore would; Error{corrupt}.
  void verify(const Backup& backup, databases::Restorable& source, Progress& progress) const;
  // `label` names what was there before (databases::Restorable::restore). Verifies on the way.
  void restore(const Backup& backup, databases::Restorable& source, const std::string& label,
               Progress& progress) const;
  // A copy of the database as it was (databases::Database::rehearsal).
  std::unique_ptr<databases::Database> rehearse(const Backup& backup, databases::Database& database,
                                                Progress& progress) const;
  void remove(const Backup& backup) const;
  // Removes those of each database that `rule` does not keep at the time `now`, and what was cut
  // off. Those of the names in `needed` stay, and so does the newest of each.
  std::size_t prune(const release::KeepRule& rule, Time now,
                    const std::vector<std::string>& needed) const;

 private:
  std::unique_ptr<Source> dump_of(const Backup& backup, Progress& progress) const;
  fs::path record(const std::string& name) const {
    return folder_ / (name + std::string(kBackupRecord));
  }
  std::string free_name(const std::string& wanted) const;

  Layout layout_;
  fs::path folder_;
  Workers& workers_;
};

}  // namespace sealift::installer
