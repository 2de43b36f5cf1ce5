// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a bundle contains, as documents (docs/bundle-format.md): the release index, whose digest D
// is the release's identity; the release manifest with release.json and the notes; one OCI manifest
// per component with its config document and layers. All written canonically, all read strictly:
// the bytes a reader accepts are the bytes that a writer of the same values would write.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "content/descriptor.hpp"
#include "content/image.hpp"
#include "release/documents/component_document.hpp"
#include "release/documents/release_document.hpp"

namespace sealift::release {

// An OCI image manifest used as an artifact manifest (image specification 1.1).
struct Manifest {
  std::string artifact_type;
  content::Descriptor config;
  std::vector<content::Descriptor> layers;     // at least one
  std::optional<content::Descriptor> subject;  // what a referrer refers to
};

std::string to_text(const Manifest& manifest);
// Error{corrupt} that begins with `where`.
Manifest parse_manifest(std::string_view text, const std::string& where);

// The release index: its first manifest is the release manifest, then one per component, then the
// images, each once. Error{corrupt} for another spelling, or more than kMaxBlobs.
std::string release_index_text(const std::vector<content::Descriptor>& manifests);
std::vector<content::Descriptor> parse_release_index(std::string_view text);

// A component as a bundle carries it.
struct Component {
  ComponentRow row;
  ComponentDocument document;
  Manifest manifest;
  std::vector<content::Image> images = {};  // those of the document, in its order

  // The layer of a media type; Error{corrupt} where there is none.
  const content::Descriptor& layer(std::string_view media_type) const;
  const content::Descriptor& file_table() const;
  bool is_assets() const;
  bool is_images() const;
  bool is_migrations() const;
  // Whether its files are templates, which are rendered on the site.
  bool has_templates() const;
};

// The lists that templates have of a component of assets: of integrity, and of how to serve it.
std::map<std::string, Json> asset_values(const Component& component);

}  // namespace sealift::release
