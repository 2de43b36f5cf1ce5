// SPDX-License-Identifier: Apache-2.0
#pragma once

// The config document of a component's OCI manifest: its totals, and what its kind adds, such as
// images with their reports and signatures, migrations, services. Canonical and strict, as
// release.json is.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "release/documents/carried_assets.hpp"
#include "release/documents/image_entry.hpp"
#include "release/documents/workload.hpp"

namespace sealift::release {

inline constexpr std::size_t kMaxServices = 64;       // of a component
inline constexpr std::size_t kMaxServiceGlobs = 256;  // of each
inline constexpr std::size_t kMaxRawFiles = 10'000;   // of a component

// How an image in a bundle relates to the one that was named in release.yaml.
enum class Derivation {
  none,      // bit for bit what it was
  subset,    // some platforms of an index: each manifest as it was, the index is new
  converted  // from an archive of `docker save`, which has no manifest: one was made
};

// A scanner's report, which travels as a layer of the component.
struct CarriedScan {
  Digest report;
  std::string tool;                              // "Trivy 0.50.1"
  std::vector<Digest> of;                        // the image's manifests that were scanned
  std::map<Severity, std::uint64_t> found = {};  // vulnerabilities, by their severity
  friend bool operator==(const CarriedScan&, const CarriedScan&) = default;
};

// "1 critical, 4 medium", "no vulnerability".
std::string found_by(const CarriedScan& scan);

// A manifest of signatures or attestations about an image, which travels with it as it is, so that
// anybody can verify it again.
struct CarriedSignature {
  Digest manifest;
  std::string tag;            // where a registry has it: "sha256-HEX.sig"; empty: by its subject
  std::vector<Digest> blobs;  // its configuration and layers, sorted, without OCI's empty content
  std::string by;             // what verified it: "key sha256:HEX"
  std::vector<std::string> claims;  // what counted, sorted: "signature", or predicate types
  friend bool operator==(const CarriedSignature&, const CarriedSignature&) = default;
};

// One image of a component of images.
struct CarriedImage {
  std::string name;  // full, with its tag: "docker.io/chanuka/server:1.0.0"
  Digest digest;     // of its manifest or index
  Derivation derivation = Derivation::none;
  std::optional<Digest> whole;  // of a subset: the index that it is a part of
  std::vector<CarriedScan> scans = {};
  // What its project signed about it. Of a subset that is the whole index, which travels too. Older
  // programs refuse the key.
  std::vector<CarriedSignature> signatures = {};
  // Rules that it may break and vulnerabilities that it may have, and why.
  std::map<std::string, std::string> waivers = {};
  friend bool operator==(const CarriedImage&, const CarriedImage&) = default;
};

// What a component of migrations says beside its files. Tables and schemas that are empty are the
// usual ones of the format.
struct CarriedMigrations {
  std::string format;        // "drizzle", "sql"
  std::string dialect;       // "postgresql", "sqlite"
  std::string transactions;  // "run": all that is pending is one; "file": one each
  std::string late;          // older than what was applied already: "refused", "applied"
  std::string rollback;      // "code-only", "restore", "down", "forward-only"
  std::string schema;
  std::string table;
  std::uint64_t count = 0;
  std::string foreign_keys = "off";  // of SQLite, while migrations run: "off", "on"
  // Findings that were accepted, and why: RULE or MIGRATION/RULE.
  std::map<std::string, std::string> waivers = {};
  friend bool operator==(const CarriedMigrations&, const CarriedMigrations&) = default;
};

// A component's config document: totals, so that a plan needs no walk over the file table; or its
// images; and what migrations and assets add.
struct ComponentDocument {
  std::string name;
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t symlinks = 0;
  std::uint64_t bytes = 0;  // of the files, or of the images' layers
  std::vector<CarriedImage> images = {};
  std::optional<CarriedMigrations> migrations = {};
  // Service -> globs of the files that it reads.
  std::map<std::string, std::vector<std::string>> services = {};
  CarriedAssets assets = {};              // of other kinds nothing is said
  std::optional<Workload> workload = {};  // of manifests
  // Paths of files among its templates that are none, sorted: they are installed as they are. Older
  // installers refuse the key, so those are left out that rendering would not change.
  std::vector<std::string> raw = {};
  // Folders of data that its releases share, sorted; none lies in another, and the tree has nothing
  // there. Each is a link to PATH/shared/FOLDER of its target. Older installers refuse the key.
  std::vector<std::string> persist = {};
  friend bool operator==(const ComponentDocument&, const ComponentDocument&) = default;
};

std::string to_text(const ComponentDocument& document);
// Error{corrupt}.
ComponentDocument parse_component_document(std::string_view text);

// The reports and signatures of a component's images, each blob once, in the order of its
// manifest's layers.
std::vector<Digest> papers_of(const ComponentDocument& document);
// What cosign keeps at tags of an image: signatures and attestations.
inline constexpr std::array<std::string_view, 2> kCosignTags = {"sig", "att"};
// "sha256-HEX.sig": the tag at which it does.
std::string cosign_tag(const Digest& image, std::string_view what);

}  // namespace sealift::release
