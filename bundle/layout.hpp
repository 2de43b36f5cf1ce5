// SPDX-License-Identifier: Apache-2.0
#pragma once

// The order of everything in a bundle file, shared by writer and reader (docs/bundle-format.md):
//   oci-layout, index.json, where there are images manifest.json,
//   referrers (statement, root chain, approvals): manifest, config, layers of each,
//   the release graph: D, release manifest, release.json, notes, component manifests and configs,
//   manifests and configs of images,
//   payload: the layers of each component, then those of images.
// A blob that was written once is not written again. What a reader needs in order to decide on
// trust comes first, and from index.json on each entry is named by a document before it.

#include <set>
#include <string>
#include <vector>

#include "content/descriptor.hpp"
#include "content/tar.hpp"
#include "release/documents/manifest.hpp"

namespace sealift::bundle {

inline constexpr std::string_view kOciLayoutName = "oci-layout";
inline constexpr std::string_view kOciLayoutText = R"({"imageLayoutVersion":"1.0.0"})";
inline constexpr std::string_view kIndexName = "index.json";
inline constexpr std::string_view kDockerTableName = "manifest.json";
// Limits of what is read before anything is trusted.
inline constexpr std::size_t kMaxReferrers = 256;
inline constexpr std::size_t kMaxImages = 1024;

using content::Document;

// Something that refers to a release and proves itself: statement, root chain, one approval.
struct Referrer {
  Document manifest;  // of the OCI manifest; carries the artifact type
  std::vector<Document> layers;
};

// Its subject is `release`, by which registries and other tools find it (OCI image specification
// 1.1, "subject").
Referrer make_referrer(std::string_view artifact_type, std::string_view layer_type,
                       const std::vector<std::string>& layers, const content::Descriptor& release);

// The one order of referrers: statement, root chain, then approvals by digest.
void sort_referrers(std::vector<Referrer>& referrers);

// D's descriptor as index.json lists it, with the name under which OCI tools find it.
content::Descriptor release_descriptor(std::string_view index_text, const std::string& name,
                                       const std::string& version);

// The distinct images of all components, each as it is first met.
std::vector<const content::Image*> images_of(const std::vector<release::Component>& components);

// How index.json lists the images: a row for each name, under which OCI tools and containerd find
// it.
std::vector<content::Descriptor> image_rows(const std::vector<release::Component>& components);

// manifest.json, the table by which `docker load` and `podman load` find images (Docker image
// specification 1.2); of an image of several platforms it names the first. Empty where there is no
// image.
std::string docker_table(const std::vector<release::Component>& components);

// index.json: an unsigned table of contents. `compression` is compressor_name(), or empty for a
// plain tar.
std::string index_text(const content::Descriptor& release,
                       const std::vector<content::Descriptor>& referrers,
                       const std::vector<content::Descriptor>& images,
                       const std::string& compression);

// The tar entry of a blob.
content::TarEntry blob_entry(const content::Descriptor& descriptor);

// Blobs seen so far; first() is true once per digest. Writer and reader ask in the same order, so
// both leave out the same.
class Once {
 public:
  bool first(const Digest& digest) { return seen_.insert(digest).second; }

 private:
  std::set<Digest> seen_;
};

// The payload of a release in order, each digest once and none that is a document already.
std::vector<content::Descriptor> payload_of(const std::vector<release::Component>& components,
                                            Once& seen);

}  // namespace sealift::bundle
