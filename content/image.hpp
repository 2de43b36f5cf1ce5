// SPDX-License-Identifier: Apache-2.0
#pragma once

// Container images as others wrote them: their manifests, indexes and configurations (OCI image
// specification 1.1 and Docker's image manifest version 2, schema 2). The bytes are never
// rewritten, so reading is tolerant of fields that we do not know, strict about those that we use,
// and bounded. All failures are Error{invalid_input}.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "content/descriptor.hpp"

namespace sealift::content {

inline constexpr std::uint64_t kMaxImageDocument = 16ULL << 20;
inline constexpr std::size_t kMaxPlatforms = 128;
inline constexpr std::size_t kMaxLayers = 512;

// What an image runs on, such as linux/arm64/v8.
struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;  // empty: none

  std::string str() const;
  // "linux/amd64" or "linux/arm/v7".
  static Platform parse(std::string_view text);
  // True where `wanted` is this, or this with any variant.
  bool satisfies(const Platform& wanted) const;
  friend bool operator==(const Platform&, const Platform&) = default;
};

struct ImageManifest {
  Descriptor config;
  std::vector<Descriptor> layers;
};
// Refuses schema 1, foreign layers (whose content is elsewhere) and layers without a type.
ImageManifest parse_image_manifest(std::string_view text, const std::string& where);

// A manifest that is about an image: a signature, an attestation.
struct ArtifactManifest {
  Descriptor config;
  std::vector<Descriptor> layers;  // with their annotations
  std::optional<Digest> subject;
};
ArtifactManifest parse_artifact_manifest(std::string_view text, const std::string& where);

struct ImageIndexRow {
  Descriptor manifest;
  std::optional<Platform> platform;  // nothing: not said; unknown/unknown: an attestation
  std::vector<std::string> names;    // by its annotations
  std::string cosign_kind = {};      // by which cosign tells its rows from images; empty: none
};
std::vector<ImageIndexRow> parse_image_index(std::string_view text, const std::string& where);
// The media type of a manifest or index by its content; `said` where that does not tell.
std::string document_type(std::string_view text, std::string_view said);
// A new index of some rows of another, as they stand there. Deterministic.
std::string subset_index(std::string_view text, const std::vector<Digest>& kept);

struct ImageConfig {
  Platform platform;
  std::string user;              // empty: root
  std::optional<Time> created;   // nothing: not said
  std::vector<Digest> diff_ids;  // of the layers unpacked, in their order
};
ImageConfig parse_image_config(std::string_view text, const std::string& where);

bool is_image_index(std::string_view media_type);
bool is_image_manifest(std::string_view media_type);

// One manifest of an image, for one platform.
struct ImageVariant {
  Descriptor manifest;
  Descriptor config;
  std::vector<Descriptor> layers;
  ImageConfig settings;
  bool attestation = false;  // an attestation, parts list or signature: nothing to run
};

// A whole image: the root (an index, which may hold further ones, or a manifest where there is one
// platform), its documents in the order in which each is named by one before it, and its layers,
// each once. Variants that are nothing to run come last; there is one that can be.
struct Image {
  Descriptor root;
  std::vector<Document> documents;
  std::vector<ImageVariant> variants;
  std::vector<Descriptor> layers;

  // Of its layers, as they travel.
  std::uint64_t layer_bytes() const;
  // The variant for a host; where none is for it, null.
  const ImageVariant* variant_for(const Platform& host) const;
};

// The bytes of a document, which the caller has compared with size and digest.
using FetchDocument = std::function<std::string(const Descriptor&)>;
Image read_image(const Descriptor& root, const FetchDocument& fetch, const std::string& where);

}  // namespace sealift::content
