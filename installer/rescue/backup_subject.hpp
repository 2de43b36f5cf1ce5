// SPDX-License-Identifier: Apache-2.0
#pragma once

// What of a site can be backed up: each database, each folder of data that releases share, and each
// volume of Compose that site.yaml names.

#include <memory>
#include <string>
#include <vector>

#include "databases/restorable.hpp"
#include "installer/drivers/databases/backups.hpp"
#include "installer/session/changing.hpp"

namespace sealift::installer {

struct BackupSubject {
  std::string name;   // a database of site.yaml, TARGET/FOLDER or TARGET:VOLUME
  std::string label;  // how the names of its backups begin
  std::string driver;
  std::unique_ptr<databases::Restorable> content;

  bool is_folder() const;
  bool is_database() const;
};

// Error{usage} where site.yaml knows nothing of this name. `component` is that of a volume's stack,
// for a site that has no release yet.
BackupSubject subject_named(const std::string& name, const SiteWork& work, const Backups& backups,
                            const std::string& component = "");
// What a backup is of.
BackupSubject subject_of(const Backup& backup, const SiteWork& work, const Backups& backups);
// Names of every database of site.yaml, and of every folder of data and volume of the installed
// release.
std::vector<std::string> subjects_of(const SiteWork& work);

// Makes a backup, verifies it and writes it into the audit log.
Backup back_up(const BackupSubject& subject, const SiteWork& work, const Backups& backups,
               cli::Session& session);

// Makes what its data lies in, on a machine that has had no release yet: of a folder of data the
// path of its target, of a file the folders around it.
void make_place_of(const BackupSubject& subject, const SiteWork& work);

// Restores a backup to what it is of on the site of `work`, which may be another than that of
// `backups`. Where it is written down that it was, note_return() tells the audit log and people.
void bring_back(const Backup& backup, const Backups& backups, const SiteWork& work,
                cli::Session& session);
void note_return(const Backup& backup, const SiteWork& work, cli::Session& session);

// "20260101120000": of names that say when something was made.
std::string stamp(Time time);
// "old_STAMP_...": under which a restore keeps what was there.
std::string label_of_old(Time now);

}  // namespace sealift::installer
