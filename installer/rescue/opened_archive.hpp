// SPDX-License-Identifier: Apache-2.0
#pragma once

// A site archive that a person has named, and what opens it.

#include <functional>
#include <string>

#include "base/progress.hpp"
#include "installer/session/changing.hpp"
#include "installer/site_archive/site_archive.hpp"

namespace sealift::installer {

struct ArchiveOptions {
  std::vector<std::string> archive;  // a file, its volumes, or a folder with archives or volumes
  std::string at;                    // of a folder: the newest of this time or before
  std::string identity;              // file of the recovery identity
  std::string key;  // id of the key that signed it, as the site's registration card has it
};

// Adds the argument and --identity, --key and --at.
void add_archive_options(cli::Command& command, ArchiveOptions& options, cli::Presence presence);

// An archive, and who can open it. Everything from it is compared with its manifest.
class OpenedArchive {
 public:
  // Error{usage} where the person does not say which key it should be, Error{untrusted} where it is
  // another, or the identity does not open it.
  explicit OpenedArchive(const ArchiveOptions& options);

  const SiteArchive& archive() const { return archive_; }
  const SiteManifest& manifest() const { return archive_.manifest(); }
  const std::string& settings() const { return settings_; }  // site.yaml

  // Bundles, backups and all else of the state, into an empty folder of it.
  void unpack(const Layout& into, Progress& progress) const;

 private:
  const ArchivedFile& file(std::string_view name) const;
  // Gives what a file holds to `take`, and sees that it was whole.
  void open(const ArchivedFile& file, const std::function<void(Source&)>& take) const;
  void unpack_file(const ArchivedFile& file, const Layout& into, Progress& progress) const;

  SiteArchive archive_;
  signing::AgeIdentity identity_;
  std::string settings_;
};

}  // namespace sealift::installer
