// SPDX-License-Identifier: Apache-2.0
// Images of a registry, pinned by digest or by a tag that is resolved once.

#include "base/format.hpp"
#include "builder/images/image_source.hpp"
#include "content/image_name.hpp"
#include "net/repository.hpp"

namespace sealift::builder {

namespace {

using content::Descriptor;
using content::ImageName;

class RegistryImages : public ImageSource {
 public:
  RegistryImages(const ImageName& name, net::HttpSettings settings, Absorber& absorber)
      : repository_(std::move(settings), name.host, name.repository,
                    net::credentials_for(name.host)),
        absorber_(absorber) {}

  Descriptor find(const std::string& name) override {
    const ImageName wanted = ImageName::parse(name);
    root_ = repository_.manifest(wanted.digest        ? wanted.digest->str()
                                 : wanted.tag.empty() ? "latest"
                                                      : wanted.tag);
    return root_->descriptor;
  }

  std::string document(const Descriptor& descriptor) override {
    if (root_ && root_->descriptor.digest == descriptor.digest) return root_->bytes;
    if (content::is_image_manifest(descriptor.media_type)) {
      return repository_.manifest(descriptor.digest.str()).bytes;
    }
    const std::unique_ptr<Source> blob = repository_.blob(descriptor);
    return read_all(*blob, content::kMaxImageDocument, descriptor.digest.str());
  }

  void absorb(const Descriptor& layer) override {
    if (absorber_.holds(layer.digest)) return;
    const std::unique_ptr<Source> blob = repository_.blob(layer);
    absorber_.take(*blob, layer.digest.str());
  }

 private:
  net::Repository repository_;
  Absorber& absorber_;
  std::optional<content::Document> root_;
};

}  // namespace

std::unique_ptr<ImageSource> registry_images(const ImageName& name, net::HttpSettings settings,
                                             Absorber& absorber) {
  return std::make_unique<RegistryImages>(name, std::move(settings), absorber);
}

}  // namespace sealift::builder
