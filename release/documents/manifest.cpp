// SPDX-License-Identifier: Apache-2.0
#include "release/documents/manifest.hpp"

#include "base/format.hpp"
#include "base/json.hpp"
#include "content/media_types.hpp"

namespace sealift::release {

using content::Descriptor;

// Our manifests carry no annotations: whatever one says, D would depend on it and nobody would
// check it.
std::string to_text(const Manifest& manifest) {
  Json value = {{"schemaVersion", 2},
                {"mediaType", media_type::kImageManifest},
                {"artifactType", manifest.artifact_type},
                {"config", content::to_json(manifest.config)},
                {"layers", Json::array()}};
  for (const Descriptor& layer : manifest.layers)
    value["layers"].push_back(content::to_json(layer));
  if (manifest.subject) value["subject"] = content::to_json(*manifest.subject);
  return to_canonical(value);
}

Manifest parse_manifest(std::string_view text, const std::string& where) {
  const Json value = parse_json(text, where);
  Fields fields(value, where);
  fields.constant("schemaVersion", 2);
  fields.constant("mediaType", media_type::kImageManifest);
  Manifest manifest{
      .artifact_type = fields.text("artifactType"),
      .config = content::descriptor_from_json(fields.value("config"), fields.at("config")),
      .layers = {},
      .subject = {}};
  for (const Json& layer : fields.array("layers")) {
    manifest.layers.push_back(content::descriptor_from_json(
        layer, format("{}[{}]", fields.at("layers"), manifest.layers.size())));
  }
  if (manifest.layers.empty()) fields.refuse("layers", "found none, expected at least one");
  if (const Json* subject = fields.value_if("subject")) {
    manifest.subject = content::descriptor_from_json(*subject, fields.at("subject"));
  }
  fields.done();
  require_canonical(text, to_text(manifest), where);
  return manifest;
}

// This text's digest is D, what people sign and sites install.
std::string release_index_text(const std::vector<Descriptor>& manifests) {
  Json value = {{"schemaVersion", 2},
                {"mediaType", media_type::kImageIndex},
                {"artifactType", media_type::kRelease},
                {"manifests", Json::array()}};
  for (const Descriptor& manifest : manifests) {
    value["manifests"].push_back(content::to_json(manifest));
  }
  return to_canonical(value);
}

std::vector<Descriptor> parse_release_index(std::string_view text) {
  const std::string where = "release index";
  const Json value = parse_json(text, where);
  Fields fields(value, where);
  fields.constant("schemaVersion", 2);
  fields.constant("mediaType", media_type::kImageIndex);
  fields.constant("artifactType", media_type::kRelease);
  std::vector<Descriptor> manifests;
  for (const Json& item : fields.array("manifests")) {
    manifests.push_back(content::descriptor_from_json(
        item, format("{}[{}]", fields.at("manifests"), manifests.size())));
  }
  fields.done();
  if (manifests.empty()) fields.refuse("manifests", "found none, expected the release manifest");
  if (manifests.size() > kMaxBlobs) {
    fields.refuse("manifests",
                  format("found {}, expected at most {}", manifests.size(), kMaxBlobs));
  }
  require_canonical(text, release_index_text(manifests), where);
  return manifests;
}

const Descriptor& Component::layer(std::string_view media_type) const {
  for (const Descriptor& layer : manifest.layers) {
    if (layer.media_type == media_type) return layer;
  }
  throw Error(Errc::corrupt,
              format("component {}: found no layer of type {}", row.name, media_type));
}

const Descriptor& Component::file_table() const {
  return layer(media_type::kFileTable);
}

bool Component::is_assets() const {
  return row.artifact_type == media_type::kAssets;
}

bool Component::is_migrations() const {
  return row.artifact_type == media_type::kMigrations;
}

bool Component::has_templates() const {
  return row.artifact_type == media_type::kConfig || row.artifact_type == media_type::kManifests ||
         row.artifact_type == media_type::kObservability;
}

bool Component::is_images() const {
  return row.artifact_type == media_type::kImages;
}

std::map<std::string, Json> asset_values(const Component& component) {
  const CarriedAssets& assets = component.document.assets;
  return {{integrity_name(component.row.name), integrity_rows(assets)},
          {serve_name(component.row.name), assets.serving.rows()}};
}

}  // namespace sealift::release
