// SPDX-License-Identifier: Apache-2.0
#pragma once

// A site archive as a file: a tar (POSIX pax, as backups of folders are) of the bundles, backups
// and state of one site, with its signed manifest at the end. `tar -x` opens it, and `age -d` what
// is encrypted in it. Nothing in it is compressed again.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/progress.hpp"
#include "base/random_access.hpp"
#include "base/stream.hpp"
#include "installer/site_archive/manifest.hpp"
#include "installer/site_archive/members.hpp"
#include "signing/age.hpp"

namespace sealift::installer {

inline constexpr std::string_view kSiteArchiveEnding = ".site.tar";

// Writes one archive. Until finish() it is called ".SITE.site.tar.part"; bundles that a run that
// was cut off has written there whole are taken over by the next.
class SiteArchiveWriter {
 public:
  // `site` is the id of the site; `progress` is told of bytes.
  SiteArchiveWriter(const fs::path& folder, const std::string& site, Progress& progress);

  // A file as it is. Bundles come first, for they alone are taken over. Error{busy} where somebody
  // writes it meanwhile, here and below.
  ArchivedFile add(const std::string& name, const fs::path& file);
  // Encrypted; digest and size are those of the ciphertext.
  ArchivedFile add_encrypted(const std::string& name, const fs::path& file,
                             const std::vector<signing::AgeRecipient>& recipients);
  // The same of what `produce` writes; it is put into a file without a name first.
  ArchivedFile add_encrypted(const std::string& name, const std::function<void(Sink&)>& produce,
                             const std::vector<signing::AgeRecipient>& recipients);
  // Gives up what was written: on a full disk it would only be in the way.
  void discard();
  // The manifest and the end. Whole and durable when it returns: the file's name, which is
  // STEM.site.tar, or STEM-2.site.tar and so on where that is taken.
  std::string finish(const SiteManifest& manifest, const signing::Signer& signer,
                     const std::string& stem);

 private:
  ArchivedFile write(const std::string& name, std::uint64_t bytes,
                     const std::function<void(Sink&)>& produce);
  bool is_written(const std::string& name, const ArchivedFile& wanted);

  fs::path folder_;
  fs::path part_;
  Progress& progress_;
  Fd fd_;
  std::vector<PlacedMember> found_;  // of an earlier run, in order, as far as they are not used yet
  std::uint64_t end_ = 0;            // of what stays
};

// An archive to read. Opening it reads headers and the manifest alone.
class SiteArchive {
 public:
  // Error{corrupt} where it is cut off or none, and as of open_manifest().
  explicit SiteArchive(const fs::path& file);
  // One that is in volumes, all of which are read: damaged ones are made good where there is
  // parity, else Error{corrupt} names them.
  explicit SiteArchive(const std::vector<std::string>& volumes);

  const SiteManifest& manifest() const { return manifest_; }
  const fs::path& file() const { return path_; }

  // How a later archive in the same folder names a file of this one, wherever that lies.
  ArchivedFile referred(const ArchivedFile& file) const;

  // Reads everything that the manifest names, also of the earlier archives that it needs, which lie
  // in the same folder. Error{corrupt} names each file that is damaged or missing, and where.
  void verify(Progress& progress) const;
  // Bytes that verify() reads.
  std::uint64_t bytes() const;
  // The content of a file, as it lies there; Error{corrupt} at its end where it is not what the
  // manifest says.
  std::unique_ptr<Source> open(const ArchivedFile& file) const;

 private:
  static SiteManifest read_manifest(const RandomAccess& bytes, const std::string& name);

  fs::path path_;  // of one in volumes, where the file would be
  std::shared_ptr<const RandomAccess> bytes_;
  SiteManifest manifest_;
};

}  // namespace sealift::installer
