// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/images/image_tar.hpp"

#include <set>

#include "base/copy.hpp"
#include "bundle/layout.hpp"
#include "content/media_types.hpp"
#include "content/tar.hpp"

namespace sealift::installer {

namespace {

using content::Descriptor;

void write_entry(Sink& to, std::string_view name, std::string_view bytes) {
  to.write(content::tar_header({.name = std::string(name), .size = bytes.size(), .link = {}}));
  to.write(bytes);
  to.write(content::tar_padding(bytes.size()));
}

// Both annotations: OCI tools go by the one, containerd's import by the other.
std::string index_of(Descriptor root, const std::string& name) {
  root.annotations = {{annotation::kRefName, name}, {annotation::kContainerdName, name}};
  return to_canonical({{"schemaVersion", 2},
                       {"mediaType", media_type::kImageIndex},
                       {"manifests", Json::array({content::to_json(root)})}});
}

// The form of `docker save`, whose entries are the blobs of the layout, so that nothing is in the
// archive twice.
std::string docker_table_of(const content::ImageVariant& variant, const std::string& name) {
  Json layers = Json::array();
  for (const Descriptor& layer : variant.layers) layers.push_back(bundle::blob_entry(layer).name);
  return to_canonical(Json::array({{{"Config", bundle::blob_entry(variant.config).name},
                                    {"RepoTags", Json::array({name})},
                                    {"Layers", std::move(layers)}}}));
}

}  // namespace

void write_image_tar(Sink& to, const content::Image& image, const content::ImageVariant* only,
                     const std::string& name, TarTables tables, Content& blobs,
                     Progress& progress) {
  const Descriptor& root = only == nullptr ? image.root : only->manifest;
  write_entry(to, bundle::kOciLayoutName, bundle::kOciLayoutText);
  write_entry(to, bundle::kIndexName, index_of(root, name));
  if (tables == TarTables::oci_and_docker) {
    const content::ImageVariant& variant = only == nullptr ? image.variants.front() : *only;
    write_entry(to, bundle::kDockerTableName, docker_table_of(variant, name));
  }
  const auto is_wanted = [&](const Descriptor& document) {
    return only == nullptr || document.digest == only->manifest.digest ||
           document.digest == only->config.digest;
  };
  for (const content::Document& document : image.documents) {
    if (is_wanted(document.descriptor)) {
      write_entry(to, bundle::blob_entry(document.descriptor).name, document.bytes);
    }
  }
  std::set<Digest> written;
  for (const Descriptor& layer : only == nullptr ? image.layers : only->layers) {
    if (!written.insert(layer.digest).second) continue;
    to.write(content::tar_header(bundle::blob_entry(layer)));
    copy(*blobs.blob(layer.digest), to, progress);
    to.write(content::tar_padding(layer.size));
  }
  to.write(content::tar_end());
}

}  // namespace sealift::installer
