// SPDX-License-Identifier: Apache-2.0
#pragma once

// An ImageStore is a place that containers are started from: an engine, a registry, a folder. It
// keeps an image under a name of ours, which nobody runs and no clean-up of the engine's takes, and
// lets public names point to what it keeps. Everything here is idempotent; nothing is ever forced,
// so an image in use, or one that has another name, stays.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "installer/content/content.hpp"
#include "installer/drivers/images/image_step.hpp"
#include "installer/records/placed_image.hpp"

namespace sealift::installer {

class ImageStore {
 public:
  virtual ~ImageStore() = default;
  // Error{incompatible} where the store cannot be used, or the image cannot be used on this host.
  virtual void check(const PlacedImage& image) = 0;
  // What is asked from now on is true from now on: until then, and until a change by this store, it
  // may be answered from what was seen before.
  virtual void look_again() {}
  // What the store itself calls the image.
  virtual std::string identity(const PlacedImage& image) const = 0;
  // True where the store has it, under whatever name: it need not be loaded again.
  virtual bool has(const PlacedImage& image) = 0;
  // Where a load brings the image: in one place it serves every name of the same digest.
  virtual std::string loads_into(const PlacedImage&) const { return {}; }
  // Brings the content in and keeps it.
  virtual void load(const PlacedImage& image, const content::Image& content, Content& blobs,
                    Progress& progress) = 0;
  // Those of the image's signatures that load() would bring in: none where the store keeps none.
  virtual std::vector<PlacedSignature> lacking(const PlacedImage&) { return {}; }
  // True where load() keeps it.
  virtual bool keeps(const PlacedImage& image) = 0;
  // All that load() keeps for this site, where the store can tell.
  virtual std::vector<Digest> kept() { return {}; }
  // Gives up what load() keeps, with the image's signatures.
  virtual void release(const PlacedImage& image) = 0;
  // The same for one of kept() of which nothing else is known.
  virtual void release_stray(const Digest&) {}
  // The identity that the public name has now; nothing: the store does not know it.
  virtual std::optional<std::string> find(const std::string& reference) = 0;
  // Lets the public name point to an image that is there.
  virtual void tag(const std::string& reference, const std::string& identity) = 0;
  // The public name goes; what it pointed to stays where load() keeps it.
  virtual void untag(const std::string& reference) = 0;
  // True where names of the release before stay until it is pruned, because others may use them.
  virtual bool keeps_old_names() const { return false; }
  // Removes what an act that was cut off has left, of which nothing else can be seen.
  virtual void clean() {}
};

// `driver` is its word in site.yaml.
std::unique_ptr<ImageStore> open_image_store(const std::string& driver,
                                             const ImageSettings& settings);

// Docker, Podman or containerd through their own programs; an OCI image layout (OCI image
// specification, "Image Layout"); a folder of archives for hosts that load them by hand; a registry
// over HTTP.
std::unique_ptr<ImageStore> engine_store(const std::string& driver, const ImageSettings& settings);
std::unique_ptr<ImageStore> layout_store(const ImageSettings& settings);
std::unique_ptr<ImageStore> folder_store(const ImageSettings& settings);
std::unique_ptr<ImageStore> registry_store(const ImageSettings& settings);

}  // namespace sealift::installer
