// SPDX-License-Identifier: Apache-2.0
#pragma once

// An image of release.yaml: under which name it travels, and where the builder takes it from. The
// words before the colon are those of containers-transports(5).

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "content/image.hpp"
#include "content/image_name.hpp"

namespace sealift::release {

enum class ImageTransport {
  oci,                 // oci:FOLDER[:NAME]            an OCI image layout
  oci_archive,         // oci-archive:FILE[:NAME]      the same as a tar, plain, gzip or zstd
  docker_archive,      // docker-archive:FILE[:NAME]   what `docker save` wrote
  docker_daemon,       // docker-daemon:NAME           a local Docker
  containers_storage,  // containers-storage:NAME      a local Podman
  registry             // docker://NAME                a registry
};

struct ImageOrigin {
  ImageTransport transport = ImageTransport::oci;
  std::string path;  // of a folder or file, relative to release.yaml; empty elsewhere
  std::string name;  // which image there; empty: the only one

  // Error{invalid_input}.
  static ImageOrigin parse(std::string_view text);
};

// A scanner's report about an image.
struct ScanEntry {
  std::string path;          // relative to release.yaml
  std::optional<Digest> of;  // what was scanned; nothing: the report says it
};

// Whose signature an image must have, and what else must be said of it.
struct UpstreamCheck {
  // Files are relative to release.yaml.
  std::string key;       // of a public key; empty: an identity, as Fulcio certifies it
  std::string identity;  // the certificate's subject alternative name
  std::string issuer;    // who told Fulcio so
  std::string roots;     // a file of certificates
  std::string rekor;     // of a transparency log's public key; empty: no log tells the time
  std::vector<std::string> attestations;  // predicate types
};
// The predicate type that a word of cosign's means, such as "cyclonedx"; a URI means itself.
// Error{invalid_input} for any other word.
std::string predicate_type(std::string_view word);

struct ImageEntry {
  content::ImageName name;
  std::string from;  // as written
  ImageOrigin origin;
  std::vector<content::Platform> platforms;  // empty: all that there are
  std::vector<ScanEntry> scans;
  std::optional<UpstreamCheck> verify;
  std::map<std::string, std::string> waive;  // rules and vulnerabilities that it may have, and why
};

// How grave a vulnerability is, in the words of CVSS.
enum class Severity { unknown, low, medium, high, critical };
inline constexpr std::array kAllSeverities = {Severity::critical, Severity::high, Severity::medium,
                                              Severity::low, Severity::unknown};
std::string_view severity_word(Severity severity);
// Nothing for a word that is none of them; "info", "none" and "negligible" are low.
std::optional<Severity> severity_named(std::string_view word);

// What an image should not be. Each rule has a word, and a level that release.yaml may change.
enum class RuleLevel { off, warning, error };

class ImageRules {
 public:
  RuleLevel level(std::string_view rule) const;
  // Both words are those of the schema.
  void set(const std::string& rule, const std::string& level) { changed_[rule] = level; }

 private:
  std::map<std::string, std::string> changed_;
};

inline constexpr std::string_view kFloatingTag = "floating-tag";
inline constexpr std::string_view kRootUser = "root-user";
inline constexpr std::string_view kSecretFile = "secret-file";
inline constexpr std::string_view kSetuidFile = "setuid-file";
inline constexpr std::string_view kMissingPlatform = "missing-platform";
inline constexpr std::string_view kOldImage = "old-image";
inline constexpr std::string_view kSizeJump = "size-jump";
inline constexpr std::string_view kUnscanned = "unscanned";
// One rule for each severity of vulnerabilities.
std::string vulnerability_rule(Severity severity);
// The words of all rules.
const std::vector<std::string>& all_rules();

// From when on an image is old, and how much it may grow from one release to the next.
struct ImageLimits {
  std::uint64_t age_days = 180;
  std::uint64_t growth_percent = 50;
};

// The template values that stand for images, by the images' full names: image.server for
// docker.io/chanuka/server:1.0.0. Images whose repositories end with the same word have none.
std::map<std::string, std::string> image_value_names(const std::vector<std::string>& images);

}  // namespace sealift::release
