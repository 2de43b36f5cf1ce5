// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a site archive says of itself: whose it is, what it is of, and each file with its digest.
// It is the archive's last member, as a DSSE envelope that the site's key has signed, so an archive
// that was cut off has none. docs/site-archives.md describes the format.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/json.hpp"
#include "signing/public_key.hpp"
#include "signing/signer.hpp"

namespace sealift::installer {

inline constexpr std::string_view kSiteArchiveType = "application/vnd.sealift.site-archive.v1+json";

// Names of members; a bundle is "bundles/NAME", a backup "backups/FILE.age".
inline constexpr std::string_view kArchivedSettings = "site.yaml.age";
inline constexpr std::string_view kArchivedState = "state.tar.zst.age";
inline constexpr std::string_view kArchivedBundles = "bundles/";
inline constexpr std::string_view kArchivedBackups = "backups/";
inline constexpr std::string_view kArchiveManifest = "archive.dsse.json";

// One file of a site. `digest` and `bytes` are of what lies in the archive: of an encrypted file
// those of its ciphertext.
struct ArchivedFile {
  std::string name;
  Digest digest;
  std::uint64_t bytes = 0;
  // Of one that an earlier archive has: that archive's file, and the name there.
  std::string archive = {};
  std::string member = {};
  // Of a backup: the digest of the dump, by which the next archive knows the same again.
  std::optional<Digest> dump = {};
};

struct SiteManifest {
  std::string id;           // of the archive: 32 hex digits
  std::string site;         // id of the site
  std::string release;      // name of what it takes
  std::string environment;  // such as "production"
  std::string title;        // of the release that stands: "1.1.0 (0123456789ab)"; empty: none
  std::string previous;     // of the one that rollback leads to; empty: none
  Time made;
  std::string program;  // version of what wrote it
  // The last line of the audit log.
  std::uint64_t audit_lines = 0;
  std::string audit_head;
  std::vector<std::string> recipients;  // of age: who can open what is encrypted
  signing::PublicKey key;               // of the site; whose it is, people know
  std::vector<ArchivedFile> files;

  // Null where there is none of this name.
  const ArchivedFile* file(std::string_view name) const;
};

Json to_json(const SiteManifest& manifest);
// As it lies in the archive. `signer` has the key that the manifest names.
std::string sign_manifest(const SiteManifest& manifest, const signing::Signer& signer);
// Strict. Error{corrupt} where it is none, Error{untrusted} where the key that it names did not
// sign it, Error{incompatible} for a form that is newer than this program.
SiteManifest open_manifest(std::string_view text, const std::string& where);

}  // namespace sealift::installer
