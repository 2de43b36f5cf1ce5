// SPDX-License-Identifier: Apache-2.0
// Images of a registry, pinned by digest or by a tag that is resolved once.

#include "base/parallel.hpp"
#include "builder/images/image_source.hpp"
#include "content/image_name.hpp"
#include "content/media_types.hpp"
#include "net/repository.hpp"

namespace sealift::builder {

namespace {

using content::Descriptor;
using content::ImageName;

class RegistryImages : public ImageSource {
 public:
  RegistryImages(const ImageName& name, net::HttpSettings settings, Absorber& absorber)
      : name_(name),
        settings_(std::move(settings)),
        credentials_(net::credentials_for(name.host, name.repository)),
        repository_(settings_, name.host, name.repository, credentials_),
        absorber_(absorber) {}

  // The answer is kept, so that a tag that moves while it is read cannot mix two images.
  Descriptor find(const std::string& name) override {
    const ImageName wanted = ImageName::parse(name);
    root_ = repository_.manifest(wanted.digest        ? wanted.digest->str()
                                 : wanted.tag.empty() ? "latest"
                                                      : wanted.tag);
    return root_->descriptor;
  }

  std::string document(const Descriptor& descriptor) override {
    if (root_ && root_->descriptor.digest == descriptor.digest) return root_->bytes;
    if (content::is_image_manifest(descriptor.media_type) ||
        content::is_image_index(descriptor.media_type)) {
      return repository_.manifest(descriptor.digest.str()).bytes;
    }
    const std::unique_ptr<Source> blob = repository_.blob(descriptor);
    return read_all(*blob, content::kMaxImageDocument, descriptor.digest.str());
  }

  // By cosign's tags and by the referrers; of the latter those without a type are looked at too.
  std::vector<Companion> companions(const Descriptor& image) override {
    std::vector<Companion> found;
    for (const std::string_view what : release::kCosignTags) {
      const std::string tag = release::cosign_tag(image.digest, what);
      if (repository_.find(tag)) found.push_back({repository_.manifest(tag), tag});
    }
    for (const content::ImageIndexRow& row : content::parse_image_index(
             repository_.referrers(image.digest), "referrers of " + image.digest.str())) {
      const std::string& type = row.manifest.artifact_type;
      const bool is_of_cosign =
          type.starts_with(media_type::kSigstoreBundle) || type.starts_with(media_type::kCosign);
      if (!is_of_cosign && !type.empty()) continue;
      check_companions(found.size() + 1);
      found.push_back({repository_.manifest(row.manifest.digest.str()), ""});
      found.back().manifest.descriptor.artifact_type = type;
    }
    return found;
  }

  // Each thread has a connection of its own: a Repository is for one.
  void absorb(const std::vector<Descriptor>& layers) override {
    side_by_side(net::kTransfers, layers.size(), [&] {
      return [&, from = connect()](std::size_t i) {
        if (absorber_.holds(layers[i].digest)) return;
        const std::unique_ptr<Source> blob = from->blob(layers[i]);
        absorber_.take(*blob, layers[i].digest.str());
      };
    });
  }

 private:
  std::unique_ptr<net::Repository> connect() const {
    return std::make_unique<net::Repository>(settings_, name_.host, name_.repository, credentials_);
  }

  ImageName name_;
  net::HttpSettings settings_;
  std::optional<net::Credentials> credentials_;
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
